"""The protocol of sandboxes, and their spec.

A sandbox starts in its own thread, so that its caller can prepare meanwhile. It reports its progress
through futures, which fail with a `SandboxError` if the sandbox cannot start.
"""

from __future__ import annotations

import time
from threading import Condition
from typing import TYPE_CHECKING, Final, Protocol, Self, TypeVar

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from samlocal.runtimes import Architecture

_T = TypeVar("_T")


@frozen
class Mount:
    """A directory or file of this machine as the sandbox sees it.

    `engine_path` is its path on the engine's machine, if the user gave one.
    """

    source: Path
    target: str
    read_only: bool = True
    engine_path: str | None = None


@frozen
class Debugger:
    """A debugger that waits in a sandbox for its client on the first of its ports.

    With `tool` nothing waits: it is the program in the sandbox that the client starts. All ports are open
    on this machine and lead to the same ports of the sandbox; clients reach them at `host`. A debugger
    that `traces` may control other processes.
    """

    name: str
    ports: tuple[int, ...]
    tool: str | None = None
    host: str = "localhost"
    traces: bool = False

    @property
    def port(self) -> int:
        """The port of the debugger itself."""
        return self.ports[0]


@frozen
class SandboxSpec:
    """The program of a sandbox of any kind, and its limits.

    `AWS_LAMBDA_RUNTIME_API` is not in `environment`, because the sandbox sets it. `entrypoint` is None for
    the runtime's own one; `command` is the handler then. `architecture` is the function's, and `family`
    its runtime's, None for an image function.

    The function may use `memory_mb` MiB of memory, `cpus` CPUs after Init, and `tmp_mb` MiB in /tmp; None
    is no limit. `strict` forbids what Lambda forbids. A sandbox that is stopped has `grace_seconds` to end
    by itself. A sandbox with `is_reused` separates the output of its invocations exactly.
    """

    function: str
    project: Path
    environment: Mapping[str, str]
    memory_mb: int | None
    cpus: float | None = None
    tmp_mb: int | None = None
    strict: bool = False
    mounts: tuple[Mount, ...] = ()
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] = ()
    working_directory: str | None = None
    grace_seconds: int = 0
    is_reused: bool = False
    debugger: Debugger | None = None
    architecture: Architecture | None = None
    family: str | None = None

    @property
    def debug_ports(self) -> tuple[int, ...]:
        """The ports that are open for a debugger's clients."""
        return self.debugger.ports if self.debugger else ()


@frozen
class Started:
    """The start of a sandbox, in `time.monotonic()` seconds."""

    at: float


@frozen
class Exit:
    """The end of a sandbox, `at` in `time.monotonic()` seconds.

    `status` is the exit status, None if unknown; `signal` is the number of the signal that ended the
    program, if known.
    """

    at: float
    status: int | None
    signal: int | None = None
    out_of_memory: bool = False


class Log(Protocol):
    """The destination of a function's output; called from several threads.

    The first error that it raises is raised by the invocation, at its end.
    """

    def write(self, output: bytes) -> None:
        """Write output of the function."""

    def line(self, text: str) -> None:
        """Write a line of the platform, such as `START RequestId: …`."""


class GuardedLog:
    """A log whose errors are kept, because the reader of a function's output must not stop.

    After its first error, the log gets nothing until `raise_error` is called.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._error: BaseException | None = None

    def write(self, output: bytes) -> None:
        self._call(self._log.write, output)

    def line(self, text: str) -> None:
        self._call(self._log.line, text)

    def raise_error(self) -> None:
        """Raise the log's first error, if there is one, and forget it."""
        error, self._error = self._error, None
        if error:
            raise error

    def _call(self, method: Callable[[_T], None], argument: _T) -> None:
        if self._error:
            return
        try:
            method(argument)
        except BaseException as error:  # noqa: BLE001  # `raise_error` raises it
            self._error = error


# More output than this waits in the sandbox's pipe until a log is connected.
_KEPT_BYTES: Final = 1024 * 1024
# Output needs a few milliseconds to arrive.
_QUIET_SECONDS: Final = 0.02
_LONGEST_WAIT_SECONDS: Final = 0.5


class Output:
    """The output of a function: written to a log at once, and kept while there is none.

    A function that writes much without a log is paused, as Lambda pauses it between two invocations.
    """

    def __init__(self) -> None:
        self._log: Log | None = None
        self._kept = bytearray()
        self._is_closed = False
        self._changed = Condition()

    def write(self, output: bytes) -> None:
        """Write output of the function; wait while too much of it is kept."""
        with self._changed:
            self._changed.notify_all()
            self._changed.wait_for(self._has_room)
            if self._log is not None:
                self._log.write(output)
            elif not self._is_closed:
                self._kept += output

    def connect(self, log: Log | None) -> None:
        """Write the kept output and all further output to a log; None means to keep it."""
        with self._changed:
            self._log = log
            if log is not None and self._kept:
                log.write(bytes(self._kept))
                self._kept.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """Drop later output without a log, so that no writer waits for one."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _has_room(self) -> bool:
        return self._log is not None or self._is_closed or len(self._kept) < _KEPT_BYTES

    def wait_until_quiet(self) -> None:
        """Wait until no output has arrived for a moment."""
        latest = time.monotonic() + _LONGEST_WAIT_SECONDS
        with self._changed:
            while self._changed.wait(_QUIET_SECONDS) and time.monotonic() < latest:
                pass


class Sandbox(Protocol):
    """An isolated place for one runtime, which is removed at the end of its `with` block."""

    listening: Future[socket.socket]
    started: Future[Started]
    exited: Future[Exit]
    logs_ended: Future[None]
    output: Output

    @property
    def is_starting(self) -> bool:
        """Whether the sandbox is started or starting."""

    @property
    def debugger(self) -> Debugger | None:
        """The debugger in the sandbox; it may be known only after the start."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc_info: object) -> None: ...

    def end_init(self) -> None:
        """Apply the CPU limit after Init; return at once."""

    def accepts_peer(self, host: str, port: int) -> bool:
        """Return whether a connection from that address comes from the started sandbox."""

    def stop(self) -> None:
        """End the program in the sandbox, at once or after its grace period."""

    def flush_output(self) -> None:
        """Wait until the function's previous output is in `output`."""

    def peak_memory_mb(self) -> int | None:
        """Return the most memory that the sandbox has used so far, in MiB; None if unknown."""

    def listens_on(self, port: int) -> bool | None:
        """Return whether a program in the sandbox listens on a TCP port; None if unknown."""

    def reaches_host(self) -> bool | None:
        """Return whether the sandbox can reach the Runtime API; None if unknown."""
