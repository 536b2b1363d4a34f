"""Errors for images that cannot run: their program is missing or for another architecture."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from samlocal.errors import UnusableImageError
from samlocal.sandbox.docker.container.own_program import own_program

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine
    from samlocal.errors import EngineError, SandboxError
    from samlocal.sandbox.container_spec import ContainerSpec

# A part of the messages of runc (`exec: "/run": stat /run: no such file or directory`) and crun (`executable
# file `/run` not found`).
_NOTHING_TO_START: Final = re.compile(
    r'exec: "(?P<runc>[^"]*)": (stat \S+: )?(?P<reason>[^:]+)|executable file `(?P<crun>[^`]*)` not found'
)
# Docker's and Podman's.
_INITS: Final = ("tini", "catatonit")
_NOT_PERMITTED: Final = "ermission denied"
_DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# The kernel's message in the output of runc and the engines' inits.
_WRONG_FORMAT: Final = b"xec format error"


def start_error(spec: ContainerSpec, error: EngineError) -> SandboxError:
    """Return the error for a container that does not start, because of its image or the engine."""
    found = _NOTHING_TO_START.search(error.message)
    if found is None:
        return error
    return _start_error(spec, found["runc"] or found["crun"], found["reason"] or "not found")


def program_error(engine: Engine, spec: ContainerSpec, said: str) -> SandboxError | None:
    """Return the error for a container whose program never ran; None if it ran.

    A shell or an init starts first, and has written why the program cannot run.
    """
    program = (*(spec.sandbox.entrypoint or ()), *spec.sandbox.command)[0]
    if spec.image.is_function and not _has_program(engine, spec, program):
        return _start_error(spec, program, "no such file or directory")
    lines = said.splitlines()
    # The shell runs under the program's name, which is therefore in its message twice.
    of_shell = len(lines) == 1 and lines[0].count(program) > 1 and lines[0].startswith(program)
    if not (of_shell or any(init in said and program in said for init in _INITS)):
        return None
    if _NOT_PERMITTED in said:
        return _start_error(spec, program, "permission denied")
    if engine.api.image(spec.image.name)["Architecture"] != engine.architecture():
        return None  # the architecture is the reason: reported elsewhere
    return UnusableImageError(
        f"`{spec.image.name}` cannot start `{program}`: its interpreter or loader is not in the image",
        hint="its first line (`#!…`) names an interpreter, or it is dynamically linked",
    )


def _has_program(engine: Engine, spec: ContainerSpec, program: str) -> bool:
    from samlocal.engine.images.image_files import image_files  # noqa: PLC0415  # builds on this

    sandbox, image = spec.sandbox, spec.image.name
    if any(PurePosixPath(program).is_relative_to(mount.target) for mount in sandbox.mounts):
        return True
    own = own_program(engine, image)
    path = sandbox.environment.get("PATH") or own.variables.get("PATH") or _DEFAULT_PATH
    root = sandbox.working_directory or own.working_directory
    folders = [root] if "/" in program else path.split(":")
    with image_files(engine, image) as has_file:
        return any(has_file(str(PurePosixPath(folder, program))) for folder in folders)


def _start_error(spec: ContainerSpec, program: str, reason: str) -> UnusableImageError:
    return UnusableImageError(
        f"`{spec.image.name}` cannot start `{program}`: {reason}",
        hint="the program comes from ENTRYPOINT and CMD, or from the template's `ImageConfig`",
    )


class FormatErrors:
    """Detects the kernel's message about a program for another architecture in a container's output."""

    def __init__(self) -> None:
        self.detected = False

    def read(self, output: bytes) -> None:
        self.detected |= _WRONG_FORMAT in output

    def as_error(self, spec: ContainerSpec) -> UnusableImageError:
        architecture = spec.image.foreign_architecture
        return UnusableImageError(
            f"`{spec.image.name}` is for {architecture}, which the engine's machine cannot run",
            hint=f"run `docker run --privileged --rm tonistiigi/binfmt --install {architecture}` to emulate"
            f" it on Linux; or {_instead(spec)}",
        )


def _instead(spec: ContainerSpec) -> str:
    """Return the alternative to emulating the architecture of an image."""
    if spec.image.is_chosen:
        return "name an image for this machine's own architecture"
    if spec.image.is_function:
        return "build the image for this machine, with `Architectures` to match"
    return "choose this machine's own architecture with `--architecture`"
