"""What a sandbox is made of, and what every kind of sandbox can do.

A sandbox starts in a thread of its own, so that its caller can get ready meanwhile, and tells how
far it is through futures. Each of them fails with a `SandboxError` where the sandbox could not be had.
"""

from __future__ import annotations

from dataclasses import field
from threading import Condition
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, Self

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from samlocal.engine.images.policy import Build, ImagePolicy
    from samlocal.runtimes import Architecture
    from samlocal.sandbox.debugging import DebugSettings

Delivery = Literal["auto", "mount", "copy"]
ApiConnection = Literal["auto", "direct", "relay"]


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
    """What waits in a sandbox for its client on a port.

    Where `tool` is set nothing does: it is the program in the sandbox that the client starts. `host`
    is where the client finds the port.
    """

    name: str
    port: int
    tool: str | None = None
    host: str = "localhost"


@frozen
class SandboxSpec:
    """All that is needed to make a function's sandbox.

    `AWS_LAMBDA_RUNTIME_API` is not in `environment`: the sandbox knows best where its own API is.
    `entrypoint` is None where the image's own one serves; `command` is the handler then. The image of
    an image function is the function: what it runs is completed from the image itself, and then that
    it is to be debugged as `debug` says. `profile` is that of the AWS account for images in ECR.

    `architecture` is the function's: on an engine that has another the image is `architecture_image`, if
    there is one, and `native_image` the one that it replaces. `foreign_architecture` is the engine's name
    of what it has to emulate then. An image that somebody chose (`is_chosen_image`) runs whatever it is for.

    Of `memory_mb`, of `cpus` once Init is over, and of `tmp_mb` in /tmp it may use so much; None: as
    much as there is. `strict` takes away what a function can't do in Lambda either. `debug_ports` are
    open on `publish_on`, an address of this machine, and go to the same ports of the sandbox; clients
    find them at the host `reached_at`. What `may_trace`
    may control other processes.

    A sandbox that is stopped has `grace_seconds` to end by itself. `engine_options` are what only
    its kind of sandbox understands.

    `delivery` is how the sandbox comes by its `mounts`: from this machine's files, as copies of them, or
    as copies where the engine doesn't see this machine's files. `api_connection` is how it reaches its API.
    `family` is the runtime's, None for an image function; `image_repository` has other runtime images,
    None: AWS's own.
    """

    function: str
    project: Path
    image: str
    environment: Mapping[str, str]
    memory_mb: int | None
    cpus: float | None = None
    tmp_mb: int | None = None
    strict: bool = False
    mounts: tuple[Mount, ...] = ()
    delivery: Delivery = "auto"
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] = ()
    working_directory: str | None = None
    network: str | None = None
    hosts: Mapping[str, str] = field(default_factory=dict)
    dns: tuple[str, ...] = ()
    grace_seconds: int = 0
    engine_options: Mapping[str, Any] = field(default_factory=dict)
    pull: ImagePolicy = "missing"
    pull_option: str = "--pull never"
    profile: str | None = None
    debugger: Debugger | None = None
    debug_ports: tuple[int, ...] = ()
    publish_on: str = "127.0.0.1"
    reached_at: str = "localhost"
    may_trace: bool = False
    is_image_function: bool = False
    build: Build | None = None
    debug: DebugSettings | None = None
    architecture: Architecture | None = None
    architecture_image: str | None = None
    native_image: str | None = None
    foreign_architecture: str | None = None
    is_chosen_image: bool = False
    api_connection: ApiConnection = "auto"
    family: str | None = None
    image_repository: str | None = None


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
            self._changed.wait_for(lambda: self._log or len(self._kept) < _KEPT_BYTES)
            if self._log:
                self._log.write(output)
            else:
                self._kept += output

    def connect(self, log: Log | None) -> None:
        """Hand what has been kept, and all that comes from now on, to a log; None: keep it."""
        with self._changed:
            self._log = log
            if log and self._kept:
                log.write(bytes(self._kept))
                self._kept.clear()
            self._changed.notify_all()


class Sandbox(Protocol):
    """A place for one runtime, removed at the end of its `with` block however that ends."""

    listening: Future[socket.socket]
    started: Future[Started]
    exited: Future[Exit]
    logs_ended: Future[None]
    output: Output
    is_starting: bool
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

    def peak_memory_mb(self) -> int | None:
        """Return the most memory that the sandbox has used so far, in MiB; None if unknown."""

    def listens_on(self, port: int) -> bool | None:
        """Tell whether a program in the sandbox listens on a TCP port; None where it can't be told."""

    def reaches_host(self) -> bool | None:
        """Tell whether the sandbox can reach the Runtime API; None where it can't be told."""
