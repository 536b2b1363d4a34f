"""What a sandbox is made of, and what every kind of sandbox can do.

A sandbox starts in a thread of its own, so that its caller can get ready meanwhile, and tells how
far it is through futures. Each of them fails with a `SandboxError` where the sandbox could not be had.
"""

from __future__ import annotations

import time
from threading import Condition
from typing import TYPE_CHECKING, Final, Protocol, Self

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from samlocal.runtimes import Architecture


@frozen
class Mount:
    """A directory or file of this machine as the sandbox sees it.

    `engine_path` is where the engine has it, where somebody said so.
    """

    source: Path
    target: str
    read_only: bool = True
    engine_path: str | None = None


@frozen
class Debugger:
    """What waits in a sandbox for its client on the first of its ports.

    Where `tool` is set nothing does: it is the program in the sandbox that the client starts. All of the
    ports are open on this machine, and lead to the same ports of the sandbox; clients find them at `host`.
    A debugger that `traces` may control other processes.
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
    """What runs in a sandbox of any kind, and within which limits.

    `AWS_LAMBDA_RUNTIME_API` is not in `environment`: the sandbox knows best where its own API is.
    `entrypoint` is None where that of the runtime serves; `command` is the handler then. `architecture` is
    the function's, and `family` its runtime's, None for an image function.

    The function may use `memory_mb` MiB of memory, `cpus` CPUs once Init is over, and `tmp_mb` MiB in
    /tmp; None: as much as there is. `strict` takes away what a function cannot do in Lambda either. A
    sandbox that is stopped has `grace_seconds` to end by itself. One that `is_reused` tells exactly which
    output belongs to which of several invocations.
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
    """A running sandbox, and since when (`time.monotonic()`)."""

    at: float


@frozen
class Exit:
    """How a sandbox ended, and when (`time.monotonic()`).

    `status` is the exit status, None where nobody saw it; `signal` the number of the signal that ended
    what ran, where one is known to have done it.
    """

    at: float
    status: int | None
    signal: int | None = None
    out_of_memory: bool = False


class Log(Protocol):
    """Where a function's output goes; called from several threads."""

    def write(self, output: bytes) -> None:
        """Take output of the function as it comes."""

    def line(self, text: str) -> None:
        """Take a line of the platform, such as `START RequestId: …`."""


# What is written beyond this while nobody listens waits in the sandbox's own pipe.
_KEPT_BYTES: Final = 1024 * 1024
# What has been written is on its way for a few milliseconds.
_QUIET_SECONDS: Final = 0.02
_LONGEST_WAIT_SECONDS: Final = 0.5


class Output:
    """What a function writes: handed to a log as it comes, kept while there is none.

    A function that writes much meanwhile is held up, as Lambda's freeze between two invocations holds it up.
    """

    def __init__(self) -> None:
        self._log: Log | None = None
        self._kept = bytearray()
        self._changed = Condition()

    def write(self, output: bytes) -> None:
        """Take output of the function; wait while too much of it is kept."""
        with self._changed:
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._log is not None or len(self._kept) < _KEPT_BYTES)
            if self._log is None:
                self._kept += output
            else:
                self._log.write(output)

    def connect(self, log: Log | None) -> None:
        """Hand what has been kept, and all that comes from now on, to a log; None: keep it."""
        with self._changed:
            self._log = log
            if log is not None and self._kept:
                log.write(bytes(self._kept))
                self._kept.clear()
            self._changed.notify_all()

    def wait_until_quiet(self) -> None:
        """Wait until nothing has come for a moment; where nothing tells what is still on its way."""
        latest = time.monotonic() + _LONGEST_WAIT_SECONDS
        with self._changed:
            while self._changed.wait(_QUIET_SECONDS) and time.monotonic() < latest:
                pass


class Sandbox(Protocol):
    """A place for one runtime, removed at the end of its `with` block however that ends."""

    listening: Future[socket.socket]
    started: Future[Started]
    exited: Future[Exit]
    logs_ended: Future[None]
    output: Output

    @property
    def is_starting(self) -> bool:
        """Whether something runs in the sandbox, or is about to: `started` is near."""

    @property
    def debugger(self) -> Debugger | None:
        """What waits in the sandbox for its client, once it is started."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc_info: object) -> None: ...

    def end_init(self) -> None:
        """Give the function from now on no more CPU than it may have; return at once."""

    def accepts_peer(self, host: str, port: int) -> bool:
        """Tell whether a connection from that address comes from the sandbox, once it is started."""

    def stop(self) -> None:
        """End what runs in the sandbox: at once, or after its grace."""

    def flush_output(self) -> None:
        """Wait until what the function has written so far has come to `output`."""

    def peak_memory_mb(self) -> int | None:
        """Return the most memory that the sandbox has used so far, in MiB; None if unknown."""

    def listens_on(self, port: int) -> bool | None:
        """Tell whether a program in the sandbox listens on a TCP port; None where it can't be told."""

    def reaches_host(self) -> bool | None:
        """Tell whether the sandbox can reach the Runtime API; None where it can't be told."""
