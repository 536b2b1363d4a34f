"""Public programs that use Lambda's APIs, got from their package registries and built once.

Nothing of them is in this repository: their sources come through cargo, go, pip and npm, and programs of the tests' own
around them are in `tests/projects/extensions`.
"""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from runtimes.images import ingredients
from runtimes.images.recipe import read_recipes
from runtimes.images.store import Store
from runtimes.images.store import cache_folder as images_folder
from tests.docker.build_cache import built_once, content, require, run
from tests.docker.command import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROJECT: Final = CHECKOUT / "tests" / "projects" / "extensions"

_WEB_ADAPTER: Final = ("lambda_web_adapter", "1.0.0-rc1")
# Half the time of a release build, and nobody measures these programs. The C library goes into them: the one of this
# machine may be newer than that of an image, which may have none.
_QUICK_RUST: Final = {
    "CARGO_PROFILE_RELEASE_DEBUG": "0",
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
    "CARGO_PROFILE_RELEASE_STRIP": "true",
    "RUSTFLAGS": "-C target-feature=+crt-static",
}

_PYTHON: Final = "3.13"
_SIGTERM: Final = ("lambda-sigterm==0.1.2",)
_OTEL_LITE: Final = (
    "lambda-otel-lite==0.15.0",
    "opentelemetry-api==1.45.2",
    "opentelemetry-exporter-otlp-proto-common==1.45.2",
    "opentelemetry-propagator-aws-xray==1.0.2",
    "opentelemetry-proto==1.45.2",
    "opentelemetry-sdk==1.45.2",
    "opentelemetry-semantic-conventions==0.66b2",
    "otlp-stdout-span-exporter==0.16.0",
    "protobuf==7.36.2",
    "typing-extensions==4.16.0",
)

_NODE_EXTENSION: Final = "@serverless/aws-lambda-otel-extension-dist@0.1.11"


def rust_extensions() -> Path:
    """Return a folder with `rust-events`, `rust-telemetry` and `rust-logs`, which use the crate lambda-extension."""
    source = PROJECT / "rust"

    def build(folder: Path) -> None:
        command = ["cargo", "build", "--quiet", "--release", "--locked", f"--target={_target()}"]
        _cargo(folder, command, cwd=source)
        for program in (source / "src" / "bin").iterdir():
            built = folder / "target" / _target() / "release" / program.stem
            built.rename(folder / program.stem)
        shutil.rmtree(folder / "target")

    return built_once("rust-extensions", f"{content(source)} {_QUICK_RUST}", build)


def web_adapter() -> Path:
    """Return the program `lambda-adapter`: https://github.com/awslabs/aws-lambda-web-adapter."""
    name, version = _WEB_ADAPTER

    def build(folder: Path) -> None:
        options = [f"--version={version}", "--locked", f"--target={_target()}", f"--root={folder}"]
        _cargo(folder, ["cargo", "install", "--quiet", name, *options])
        shutil.rmtree(folder / "target")

    return built_once(name, f"{_WEB_ADAPTER} {_QUICK_RUST}", build) / "bin" / "lambda-adapter"


def _cargo(folder: Path, command: Sequence[str], *, cwd: Path | None = None) -> None:
    require("cargo", "cc")
    target = {"CARGO_TARGET_DIR": str(folder / "target")}
    run(command, cwd=cwd, env=os.environ | _QUICK_RUST | target)


def _target() -> str:
    """Return this machine's target. Named, so that macros, which the compiler loads, are not linked statically."""
    require("rustc")
    lines = run(["rustc", "--version", "--verbose"]).splitlines()
    return next(line.removeprefix("host: ") for line in lines if line.startswith("host: "))


def go_bootstrap() -> Path:
    """Return a `bootstrap` that uses the module aws-lambda-go."""
    source = PROJECT / "go"

    def build(folder: Path) -> None:
        require("go")
        options = ["-trimpath", "-buildvcs=false", "-ldflags=-s", "-tags=lambda.norpc"]
        command = ["go", "build", *options, f"-o={folder}/bootstrap", "."]
        run(command, cwd=source, env=os.environ | {"CGO_ENABLED": "0"})

    return built_once("go-streams", content(source), build) / "bootstrap"


def sigterm() -> Path:
    """Return a folder with the Python package `lambda_sigterm`, an internal extension."""
    return _python_packages("lambda-sigterm", _SIGTERM)


def otel_lite() -> Path:
    """Return a folder with the Python package `lambda_otel_lite`, an internal extension, and what it needs."""
    return _python_packages("lambda-otel-lite", _OTEL_LITE)


def _python_packages(name: str, packages: Sequence[str]) -> Path:
    """Return a folder with wheels for the Python of an image."""
    uv = Path(sys.executable).with_name("uv")
    options = ["--no-deps", "--only-binary=:all:", f"--python-version={_PYTHON}"]

    def build(folder: Path) -> None:
        run([uv, "pip", "install", "--quiet", *options, f"--target={folder}", *packages])

    return built_once(name, f"{packages} {options}", build)


def node_extension() -> Path:
    """Return the archive of a layer with Serverless' OpenTelemetry extension for Node.js."""

    def build(folder: Path) -> None:
        client = read_recipes().images["nodejs:22"].nodejs
        assert client is not None
        node = ingredients.nodejs(Store(images_folder()), client.version)
        npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        run([node / "bin" / "node", npm, "pack", "--silent", _NODE_EXTENSION], cwd=folder)
        (package,) = folder.glob("*.tgz")
        run(["tar", "--extract", "--strip-components=1", f"--file={package}"], cwd=folder)

    return built_once("node-extension", _NODE_EXTENSION, build) / "extension.zip"


def lay_out(directory: Path) -> Path:
    """Copy the project to a directory, with all programs where its template expects them."""
    shutil.copytree(PROJECT, directory, ignore=shutil.ignore_patterns("rust"))
    rust, layers = rust_extensions(), directory / "layers"
    for name in ("events", "telemetry"):
        _put(rust / f"rust-{name}", layers / name / "extensions")
    _zip({"extensions/rust-logs": rust / "rust-logs"}, layers / "logs.zip")
    _put(web_adapter(), layers / "web-adapter" / "extensions")
    shutil.copy(node_extension(), layers / "node.zip")
    shutil.copytree(sigterm(), directory / "sigterm", dirs_exist_ok=True)
    shutil.copytree(otel_lite(), directory / "otel-lite", dirs_exist_ok=True)
    _put(go_bootstrap(), directory / "go")
    _put(go_bootstrap(), directory / "bare")
    for image in ("bare", "image"):
        _put(rust / "rust-events", directory / image)
    _put(directory / "python" / "app.py", directory / "image")
    return directory


def _put(program: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(program, folder)


def _zip(files: Mapping[str, Path], archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as package:
        for name, file in files.items():
            package.write(file, name)
