"""The sample apps that need a compiler, each built once and cached until its files change."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from runtimes.images import ingredients
from runtimes.images.store import Store, cache_folder
from samlocal.data import data_folder
from tests.docker.build_cache import built_once, content, require, run
from tests.docker.command import CHECKOUT

# What builds an app, by the file that says how; the README of each app says the same.
_BUILDS = {"pom.xml": ["mvn", "--batch-mode", "--quiet", "package"], "Makefile": ["make"]}
_COMPILERS = {"pom.xml": "javac", "go.mod": "go", "Cargo.toml": "cargo"}


def built(name: str, *, debug: bool = False) -> Path:
    """Return the folder of a sample app, built as in its README; `debug` builds without optimization.

    The sources that a debugger is told of are there too.

    Raises:
        NoCompilerError: This machine cannot build it.
    """
    source = data_folder("templates") / name
    if not (source / ".gitignore").exists():
        return source
    not_source = (source / ".gitignore").read_text().replace("/", "").split()
    with TemporaryDirectory() as scratch:
        copy = shutil.copytree(
            source, Path(scratch) / name, ignore=shutil.ignore_patterns(*not_source)
        )

        def build(folder: Path) -> None:
            shutil.copytree(copy, folder, dirs_exist_ok=True)
            _build(folder, debug=debug)
            shutil.rmtree(folder / "target", ignore_errors=True)  # half a gigabyte of Rust

        return built_once(name, f"{content(copy)} {debug}", build)


def java_client() -> Path:
    """Return a folder with the jars of AWS's runtime interface client, as the stand-in images have it."""
    store = Store(cache_folder())
    with store.alone():
        return ingredients.java_client(store, CHECKOUT / "runtimes" / "images" / "java" / "pom.xml")


def _build(folder: Path, *, debug: bool) -> None:
    tools = [tool for file, tool in _COMPILERS.items() if (folder / file).exists()]
    (command,) = (command for file, command in _BUILDS.items() if (folder / file).exists())
    require(*tools, command[0])
    run([*command, *(["DEBUG=1"] if debug and command == ["make"] else [])], cwd=folder)
