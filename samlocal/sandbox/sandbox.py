"""The protocol of sandboxes, and their spec.

A sandbox starts in its own thread, so that its caller can prepare meanwhile. It reports its progress
through futures, which fail with a `SandboxError` if the sandbox cannot start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol, Self

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from samlocal.function_configuration import ContainerCredentials
    from samlocal.runtimes import Architecture
    from samlocal.sandbox.output import Output

# What a sandbox is: a container of an engine, or processes of this machine.
SandboxKind = Literal["docker", "process"]

# Where Lambda has a function's code, and its layers.
TASK_ROOT: Final = "/var/task"
LAYER_ROOT: Final = "/opt"


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

    The variables with the addresses of APIs, such as `AWS_LAMBDA_RUNTIME_API`, are not in `environment`,
    because the sandbox sets them; `credentials` are given to SDKs in a way that suits the address.
    `entrypoint` is None for
    the runtime's own one; `command` is the handler then. `architecture` is the function's, and `family`
    its runtime's, None for an image function.

    The function may use `memory_mb` MiB of memory, `cpus` CPUs after Init, and `tmp_mb` MiB in /tmp; None
    is no limit. `strict` forbids what Lambda forbids. A runtime that is stopped has `grace_seconds` to end
    by itself. A sandbox with `is_reused` separates the output of its invocations exactly. With
    `calls_functions`, its APIs carry requests to an endpoint of Lambda's API, so SDKs get variables for it, and
    `websocket_urls` in values of the environment become its address.

    Without `extensions`, the sandbox reports none. The runtime of a sandbox with extensions starts only with
    `start_runtime`, after the extensions, if the sandbox can restart.
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
    calls_functions: bool = False
    websocket_urls: tuple[str, ...] = ()
    extensions: bool = True
    debugger: Debugger | None = None
    credentials: ContainerCredentials | None = None
    architecture: Architecture | None = None
    family: str | None = None

    @property
    def debug_ports(self) -> tuple[int, ...]:
        """The ports that are open for a debugger's clients."""
        return self.debugger.ports if self.debugger else ()


@frozen
class StartSteps:
    """What a sandbox needed for its start, in milliseconds.

    The steps are the preparation of the image with its pull or build, the API connection (a relay, if
    there is one), and the creation and the start of the container.
    """

    image_ms: float
    connection_ms: float
    create_ms: float
    start_ms: float


@frozen
class Started:
    """The start of a sandbox or a process, in `time.monotonic()` seconds; `steps` are a sandbox's, if known."""

    at: float
    steps: StartSteps | None = None


@frozen
class Exit:
    """The end of a sandbox or a process, `at` in `time.monotonic()` seconds.

    `status` is the exit status, None if unknown; `signal` is the number of the signal that ended the
    program, if known.
    """

    at: float
    status: int | None
    signal: int | None = None
    out_of_memory: bool = False


class Process(Protocol):
    """A program in a sandbox: the runtime, or an external extension.

    `name` is `runtime` or the file name of the extension. All futures fail with a `SandboxError` if the
    sandbox cannot start or is lost. `exited` fails with it too if the program cannot be executed: with a
    `LaunchError` for an extension, whose `started` then also fails if the reason is known at once. If the
    sandbox ends, all its processes have exited.

    `output_ended` is done when everything that the process wrote before its end is in `output`. Processes
    that it left behind may write more. Nothing is read, and no future is done, while `output` waits for a
    log.
    """

    name: str
    started: Future[Started]
    exited: Future[Exit]
    output_ended: Future[None]
    output: Output

    def terminate(self) -> None:
        """Send SIGTERM to the process and its children; return at once."""

    def kill(self) -> None:
        """Send SIGKILL to the process and its children; return at once.

        If they cannot be reached, the sandbox ends.
        """

    def request_flush(self) -> Future[None] | None:
        """Return what is done when the previous output is in `output`, which must have a log; at once.

        The result is None if the process cannot tell. It may never be done: then `flush_output` waits
        otherwise.
        """

    def flush_output(self) -> None:
        """Wait until the previous output of the process is in `output`, which must have a log."""


class Sandbox(Protocol):
    """An isolated place for the processes of one function, removed at the end of its `with` block.

    `exited` is the end of the sandbox itself, and `logs_ended` the end of its runtimes' output. `output` is
    that of all its runtimes. `extensions` are the names of the external extensions, sorted: the files at the
    top of /opt/extensions that are not directories, whether they are executable or not. They are known when
    the sandbox has started, at the latest.
    """

    listening: Future[socket.socket]
    started: Future[Started]
    exited: Future[Exit]
    logs_ended: Future[None]
    output: Output
    extensions: Future[tuple[str, ...]]

    @property
    def is_starting(self) -> bool:
        """Whether the sandbox is started or starting."""

    @property
    def debugger(self) -> Debugger | None:
        """The debugger in the sandbox; it may be known only after the start."""

    @property
    def can_restart(self) -> bool:
        """Whether a runtime can run after another; otherwise the sandbox ends with its runtime.

        If it ends with its runtime, so do the extensions: they must be shut down before.
        """

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc_info: object) -> None: ...

    def give_head_start(self, seconds: float) -> None:
        """Wait until the sandbox no longer starts in this process, at most so long.

        Work of the caller would slow down the thread that starts it.
        """

    def start_extension(self, name: str) -> Process:
        """Start an extension of a started sandbox; return at once."""

    @property
    def runtime(self) -> Process:
        """The present runtime; the first one is there before it starts."""

    def start_runtime(self) -> Process:
        """Start the runtime that is held, or another one after the last has exited; return at once.

        A runtime that is running, because the sandbox could not hold it, is returned as it is.
        """

    def kill_processes(self) -> Future[None]:
        """Send SIGKILL to the runtime, the extensions, and all processes that they have left behind.

        This returns at once. The result is done when other programs may start. The sandbox and its /tmp
        stay, if it can restart.
        """

    def end_init(self) -> None:
        """Apply the CPU limit after Init; return at once."""

    def accepts_peer(self, host: str, port: int) -> bool:
        """Return whether a connection from that address comes from the started sandbox."""

    def stop(self) -> None:
        """End the sandbox, at once or after the grace period of its runtime; return when it has ended."""

    @property
    def measures_at_once(self) -> bool:
        """Whether `peak_memory_mb` takes less than a millisecond."""

    def peak_memory_mb(self) -> int | None:
        """Return the most memory that the sandbox has used so far, in MiB; None if unknown."""

    def connect(self, port: int) -> socket.socket:
        """Return a TCP connection to a program that listens on a port in the started sandbox.

        Any thread may call it. The socket may be of another kind, and only its two ends have addresses.

        Raises:
            OSError: No program listens on the port (ECONNREFUSED), or the sandbox cannot be reached.
        """

    def listens_on(self, port: int) -> bool | None:
        """Return whether a program in the sandbox listens on a TCP port; None if unknown."""

    def reaches_host(self) -> bool | None:
        """Return whether the sandbox can reach the Runtime API; None if unknown."""
