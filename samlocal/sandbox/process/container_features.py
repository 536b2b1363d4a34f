"""What only containers have: functions that need one, and options that have no effect on processes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.errors import EngineRequiredError
from samlocal.sandbox.process.languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from samlocal.function import Function
    from samlocal.runtimes import Runtime
    from samlocal.sandbox.plan import SandboxSettings

_HINT: Final = "start a container engine, and use `--sandbox docker`"
_MACHINES: Final = {"aarch64": "arm64", "amd64": "x86_64"}
_ELF: Final = b"\x7fELF"


def require_no_image(function: Function) -> None:
    """Raise the error for an image function, which a process cannot run.

    Raises:
        EngineRequiredError: Always.
    """
    raise EngineRequiredError(
        f"`{function.logical_id}` is a container image: it cannot run as a process",
        place=function.place,
        hint=_HINT,
    )


def require_process(function: Function, runtime: Runtime, settings: SandboxSettings) -> None:
    """Check that a function can run as a process.

    Raises:
        EngineRequiredError: It needs its runtime's image, or the user chose an image for it.
    """
    if settings.image:
        raise EngineRequiredError(
            f"`--invoke-image` has an image for `{function.logical_id}`: it cannot run as a process",
            place=function.place,
            hint=f"remove the option, or {_HINT}",
        )
    if runtime.family not in LANGUAGES and not runtime.bootstraps:
        raise EngineRequiredError(
            f"`{runtime.id}` cannot run as a process: its runtime exists only in Lambda's image",
            place=function.place,
            hint=_HINT,
        )


def require_native_bootstrap(
    function: Function, folders: Mapping[str, Path], bootstrap: str
) -> None:
    """Check that this machine can start the bootstrap of a function; a script needs no certain machine.

    `folders` are the directories of code and layers by their path in the sandbox.

    Raises:
        EngineRequiredError: It is a program for Linux or for a processor that this machine does not have.
    """
    root, _, name = bootstrap.rpartition("/")
    with (folders[root] / name).open("rb") as file:
        if file.read(len(_ELF)) != _ELF:
            return
    system = os.uname().sysname
    if system != "Linux":
        shown = "macOS" if system == "Darwin" else system
        raise EngineRequiredError(
            f"`{bootstrap}` of `{function.logical_id}` is a program for Linux: it cannot run as a process on {shown}",
            place=function.code.place,
            hint=_HINT,
        )
    if function.architecture != machine():
        raise EngineRequiredError(
            f"`{bootstrap}` of `{function.logical_id}` is built for {function.architecture}, and this machine is"
            f" {machine()}",
            place=function.code.place,
            hint=f"{_HINT}; or build it for {machine()}, with `Architectures: [{machine()}]`",
        )


def foreign_architecture(function: Function) -> Iterator[Diagnostic]:
    """Yield a diagnostic if a function is for another architecture than this machine's."""
    if function.architecture != machine():
        yield Diagnostic(
            message=f"`{function.logical_id}` is for {function.architecture} and runs on {machine()}: its native"
            f" modules must be built for {machine()}",
            place=function.place,
            hint="a container emulates the architecture: `--sandbox docker`",
        )


def ignored_options(settings: SandboxSettings) -> Iterator[Diagnostic]:
    """Yield a diagnostic that names the options without effect on processes; those about images are not named."""
    given = {
        "--docker-network": settings.network,
        "--add-host": settings.hosts,
        "--container-dns": settings.dns,
        "--docker-arg": settings.engine_options,
    }
    names = [f"`{name}`" for name, value in given.items() if value]
    if names:
        has = "have" if len(names) > 1 else "has"
        yield Diagnostic(
            message=f"{', '.join(names)} {has} no effect: the function runs as a process, in this machine's network"
        )


def machine() -> str:
    """Return the architecture of this machine, in Lambda's words."""
    name = os.uname().machine
    return _MACHINES.get(name, name)
