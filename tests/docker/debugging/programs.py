"""Programs for the tests to debug, and their debuggers, built once for all workers."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.docker.build_cache import built_once
from tests.missing import missing

if TYPE_CHECKING:
    from pathlib import Path

_DELVE = "github.com/go-delve/delve/cmd/dlv"
# The newest that this was tried with, and the last that Debian 12's own Go can build.
_DELVE_VERSIONS = ("v1.27.2", "v1.21.2")


# A Go of 1.21 or later gets the newer one that a module asks for: https://go.dev/doc/toolchain
_GO_THAT_FETCHES_ITSELF = 21


def tool(name: str) -> str:
    """Return the path of a program on this machine."""
    found = shutil.which(name)
    if found is None:
        missing(f"`{name}` is not installed (`make test` installs it)")
    return found


def debugger_folder(folder: Path, *names: str) -> Path:
    """A directory for `--debugger-path` with these debuggers."""
    folder.mkdir()
    for name in names:
        shutil.copy(delve() if name == "dlv" else tool(name), folder / name)
    return folder


def delve() -> Path:
    """Build delve from its module, because Debian does not package it."""
    version = _DELVE_VERSIONS[_go_minor() < _GO_THAT_FETCHES_ITSELF]

    def build(folder: Path) -> None:
        _run(tool("go"), "install", f"{_DELVE}@{version}", GOBIN=str(folder), CGO_ENABLED="0")

    return built_once("delve", version, build) / "dlv"


def _go_minor() -> int:
    """The second number of Go's version."""
    version = subprocess.run(
        [tool("go"), "env", "GOVERSION"], check=True, capture_output=True, text=True
    )
    return int(version.stdout.split(".")[1])


def build_go(folder: Path) -> None:
    """Compile a `bootstrap` without optimization, for a debugger."""
    flags = ["-trimpath", "-gcflags=all=-N -l", "-buildvcs=false"]
    _run(tool("go"), "build", *flags, "-o", "bootstrap", ".", cwd=folder, CGO_ENABLED="0")


def build_c(folder: Path) -> None:
    source = folder / "bootstrap.c"
    _run(tool("gcc"), "-g", "-O0", "-static", "-D_GNU_SOURCE", source, "-o", folder / "bootstrap")


def build_java(folder: Path) -> None:
    _run(tool("javac"), "-g", "--release", "11", "ratings/Handler.java", cwd=folder)


def _run(*command: str | Path, cwd: Path | None = None, **environment: str) -> None:
    subprocess.run(command, cwd=cwd, env=os.environ | environment, check=True)
