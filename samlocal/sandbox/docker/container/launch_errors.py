"""Why an extension cannot be executed, from the words of shells and engines."""

from __future__ import annotations

import re
from typing import Final

from samlocal.errors import LaunchError
from samlocal.sandbox.docker.container.supervisor_script import EXTENSIONS_FOLDER

# The exit statuses of shells, which run a file that the kernel does not execute as a script.
_NOT_FOUND: Final = 127
NOT_EXECUTED: Final = frozenset({2, 126, _NOT_FOUND})
_NOT_EXECUTED_BY_ENGINE: Final = frozenset({None, 1, 126, _NOT_FOUND})
# What follows the name of its script in a shell's message: `: 1: `, `: line 1: `, `: exec: line 1: `.
_OF_SHELL: Final = re.compile(rb": (?:exec: )?(?:line )?\d+: ")
# The beginning of an ELF file without its zero bytes, which shells drop: class, order, version, ABI, type.
_ELF: Final = re.compile(rb"\x7fELF(\x02\x01\x01\x03?[\x02\x03](?P<machine>.))?", re.DOTALL)
# By the number in ELF files: the engines' and Lambda's names.
_MACHINES: Final = {b"\x3e": ("amd64", "x86_64"), b"\xb7": ("arm64", "arm64")}
_NO_LOADER: Final = "its interpreter or loader does not exist in the sandbox"
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


def reason_of_shell(
    name: str, status: int | None, *, said: bytes, beginning: bytes, architecture: str
) -> str | None:
    """Return why an extension was not executed; None if it was.

    It ended with `status` and `said` this first. Its file begins with `beginning`, without zero bytes.
    `architecture` is the engine's name for that of its machine.
    """
    path = f"{EXTENSIONS_FOLDER}/{name}".encode()
    line = said.partition(b"\n")[0]
    rest = line.removeprefix(path)
    of_shell = rest != line and (_OF_SHELL.match(rest) or rest.startswith(b": " + path))
    if status not in NOT_EXECUTED or not (of_shell or line.startswith(b"env: ")):
        return None
    if status == _NOT_FOUND and path in rest:
        return _NO_LOADER
    if (elf := _ELF.match(beginning)) is None:
        return None
    machine, shown = _MACHINES.get(elf["machine"], ("", "another machine"))
    return f"exec format error{'' if machine == architecture else f': it is built for {shown}'}"


def reason_of_engine(name: str, status: int | None, said: str) -> str | None:
    """Return why an engine did not execute an extension; None if this is no such message.

    runc says `exec /PATH: REASON` or `exec: "/PATH": REASON`, crun says that the file is not found.
    """
    path = re.escape(f"{EXTENSIONS_FOLDER}/{name}")
    found = re.search(rf'exec:? "?{path}"?: ([^:\n]+)|executable file `{path}` (not found)', said)
    if not found or status not in _NOT_EXECUTED_BY_ENGINE:
        return None
    return found[1] or found[2]
