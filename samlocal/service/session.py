"""What a command that runs in the service can do there."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, BinaryIO, NoReturn, cast

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from samlocal.sandbox.backend import Backend

# With these variables the same, commands share a fleet: they are all that its connection to an engine, its
# downloads and its caches read.
_SHARED_PREFIXES = ("DOCKER_", "BUILDKIT_", "SAMLOCAL_PULL_TIMEOUT")
_SHARED = (
    "HOME",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
    *(f"{scheme}_proxy" for scheme in ("http", "https", "no", "all")),
)


class DeclinedError(BaseException):
    """The command must run in its own process; nothing above the handler may catch this."""


class Session:
    """A command in the service, for the process `client`.

    Until it is accepted, it may be declined, and its stderr is held back.
    """

    def __init__(self, control: socket.socket, *, client: int) -> None:
        self.client = client
        self._control = control
        self._held = _HeldOutput()
        sys.stderr = io.TextIOWrapper(
            cast("BinaryIO", io.BufferedWriter(self._held)),
            encoding=sys.stderr.encoding,
            errors="backslashreplace",
            line_buffering=True,
        )

    def accept(self) -> None:
        """Run the command here: show what it wrote to stderr so far."""
        sys.stderr.flush()
        self._held.release()

    def decline(self) -> NoReturn:
        """Leave the command to its own process.

        Raises:
            DeclinedError: Always.
        """
        raise DeclinedError

    def connect_fleet(self, backend: Backend, variables: Mapping[str, str]) -> int:
        """Return a connection to the fleet of a backend, as the number of an open file.

        Raises:
            EOFError: The service has ended.
        """
        from samlocal.service.messages import receive, send  # noqa: PLC0415  # most commands have no session

        shared = sorted(
            f"{name}={value}"
            for name, value in variables.items()
            if name.startswith(_SHARED_PREFIXES) or name in _SHARED or name.lower() in _SHARED
        )
        key = "\0".join((backend.kind, backend.engine or "", *shared)).encode(
            errors="surrogateescape"
        )
        send(self._control, ("fleet", backend.kind, backend.engine, key, dict(os.environb)))
        _, (connection,) = receive(self._control)
        return connection


class _HeldOutput(io.RawIOBase):
    """stderr, whose output is kept until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[bytes] | None = []

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 2

    def isatty(self) -> bool:
        return os.isatty(2)

    def write(self, output: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]  # any buffer
        if self._kept is None:
            return os.write(2, output)
        self._kept.append(bytes(output))
        return len(output)

    def release(self) -> None:
        kept, self._kept = self._kept or [], None
        left = memoryview(b"".join(kept))
        while left:
            left = left[os.write(2, left) :]


_current: Session | None = None


def current_session() -> Session | None:
    """Return the session of this process; None if it is no process of the service."""
    return _current


def begin_session(session: Session | None) -> None:
    """Let this process run a command of that session, or of none."""
    global _current  # noqa: PLW0603  # a process runs one command
    _current = session
