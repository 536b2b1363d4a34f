"""Why an extension was not executed, from the words of shells and engines."""

from __future__ import annotations

import re
from typing import Final

from samlocal.sandbox.extension_files import EXTENSIONS_FOLDER
from samlocal.sandbox.launch_errors import NO_LOADER, format_error

# The exit statuses of shells, which run a file that the kernel does not execute as a script.
_NOT_FOUND: Final = 127
NOT_EXECUTED: Final = frozenset({2, 126, _NOT_FOUND})
_NOT_EXECUTED_BY_ENGINE: Final = frozenset({None, 1, 126, _NOT_FOUND})
# What follows the name of its script in a shell's message: `: 1: `, `: line 1: `, `: exec: line 1: `.
_OF_SHELL: Final = re.compile(rb": (?:exec: )?(?:line )?\d+: ")


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
        return NO_LOADER
    return format_error(beginning, architecture)


def reason_of_engine(name: str, status: int | None, said: str) -> str | None:
    """Return why an engine did not execute an extension; None if this is no such message.

    runc says `exec /PATH: REASON` or `exec: "/PATH": REASON`, crun says that the file is not found.
    """
    path = re.escape(f"{EXTENSIONS_FOLDER}/{name}")
    found = re.search(rf'exec:? "?{path}"?: ([^:\n]+)|executable file `{path}` (not found)', said)
    if not found or status not in _NOT_EXECUTED_BY_ENGINE:
        return None
    return found[1] or found[2]
