"""Why the kernel does not execute a program."""

from __future__ import annotations

import errno
import os
import platform
from typing import TYPE_CHECKING, Final

from samlocal.errors import ProgramNotExecutableError
from samlocal.sandbox.launch_errors import NO_LOADER, format_error, launch_error

if TYPE_CHECKING:
    from samlocal.errors import LaunchError

_ENGINE_NAMES: Final = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def refusal_reason(number: int, beginning: bytes) -> str:
    """Return the reason for an error of `execve`, for a program whose file has this beginning."""
    if number == errno.ENOENT and beginning.startswith(b"#!"):
        interpreter = beginning[2:].partition(b"\n")[0].lstrip()
        words = interpreter.split(b" ", 1) or [b""]
        return f"its interpreter does not exist: {words[0].decode(errors='replace')}"
    if number == errno.ENOENT and beginning:
        return NO_LOADER
    if number == errno.ENOEXEC:
        architecture = _ENGINE_NAMES.get(platform.machine(), "")
        return format_error(beginning.replace(b"\0", b""), architecture) or "exec format error"
    return os.strerror(number).lower()


def extension_error(name: str, number: int, beginning: bytes) -> LaunchError:
    """Return the error of an extension that is not executed."""
    return launch_error(name, refusal_reason(number, beginning))


def runtime_error(label: str, number: int, beginning: bytes) -> ProgramNotExecutableError:
    """Return the error of a runtime's program, `label`, that is not executed."""
    reason = refusal_reason(number, beginning)
    return ProgramNotExecutableError(f"{label} cannot be started: {reason}")
