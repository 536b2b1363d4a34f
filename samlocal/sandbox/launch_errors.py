"""Why an extension cannot be executed."""

from __future__ import annotations

import re
from typing import Final

from samlocal.errors import LaunchError

# The beginning of an ELF file without its zero bytes, which shells drop: class, order, version, ABI, type.
_ELF: Final = re.compile(rb"\x7fELF(\x02\x01\x01\x03?[\x02\x03](?P<machine>.))?", re.DOTALL)
# By the number in ELF files: the engines' and Lambda's names.
_MACHINES: Final = {b"\x3e": ("amd64", "x86_64"), b"\xb7": ("arm64", "arm64")}
NO_LOADER: Final = "its interpreter or loader does not exist in the sandbox"
_HINTS: Final = {
    "permission denied": "make the file in the layer executable: `chmod +x`",
    "it has Windows line endings": "save it with Linux line endings (LF)",
    "exec format error": "an extension is a program for Linux, or a script with `#!` in its first line",
}


def launch_error(name: str, reason: str) -> LaunchError:
    """Return the error, with Lambda's word for its reason.

    https://github.com/aws/aws-lambda-runtime-interface-emulator/blob/develop/internal/lambda/core/registrations.go
    """
    if reason.endswith("\r"):
        reason = "it has Windows line endings (CRLF)"
    hint = next((each for start, each in _HINTS.items() if reason.startswith(start)), None)
    kind = "PermissionDenied" if reason.startswith("permission denied") else "UnknownError"
    message = f"the extension `{name}` cannot be started: {reason}"
    return LaunchError(message, hint=hint, error_type=kind)


def format_error(beginning: bytes, architecture: str) -> str | None:
    """Return why the kernel does not execute a program that begins so; None if it is none.

    The file may lack its zero bytes. `architecture` is the engine's name for that of the machine.
    """
    if (elf := _ELF.match(beginning)) is None:
        return None
    machine, shown = _MACHINES.get(elf["machine"], ("", "another machine"))
    return f"exec format error{'' if machine == architecture else f': it is built for {shown}'}"
