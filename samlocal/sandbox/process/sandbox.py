"""A sandbox of processes of this machine, from its listener to the end of its box."""

from __future__ import annotations

import logging
import socket
import sys
import time
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from signal import SIGKILL
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Final, Self, cast

from samlocal.errors import (
    EnvironmentUnusableError,
    IsolationError,
    ProgramNotExecutableError,
    SandboxError,
)
from samlocal.sandbox.cpu_limit import UNLIMITED_SECONDS
from samlocal.sandbox.future_results import set_error, settle
from samlocal.sandbox.output import Output
from samlocal.sandbox.ports import LOOPBACK
from samlocal.sandbox.process.box_process import BoxProcess
from samlocal.sandbox.process.box_setup import BoxSetup, extensions_of
from samlocal.sandbox.process.limits import Limits
from samlocal.sandbox.process.local_process import LocalProcess
from samlocal.sandbox.sandbox import Exit, Started

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.sandbox.process_spec import ProcessSpec
    from samlocal.sandbox.sandbox import Debugger

_log = logging.getLogger(__name__)

# The longest wait for the end of a box.
_END_SECONDS: Final = 15.0
# The longest wait for the last output of a function.
_LAST_OUTPUT_SECONDS: Final = 2.0
_MEASURE_SECONDS: Final = 1.0
_MIB: Final = 1024 * 1024
_BACKLOG: Final = 64


class ProcessSandbox:
    """A box of processes, which connect to the Runtime API here.

    Entering the `with` block returns at once. A thread opens the listening socket, starts the box, and takes
    its messages. Leaving the block ends all processes of the box. `note` gets a line about what this machine
    lacks. Without `namespaces` it does as on a machine that has none.
    """

    def __init__(
        self,
        spec: ProcessSpec,
        *,
        note: Callable[[str], None] = lambda _: None,
        namespaces: bool = sys.platform == "linux",
    ) -> None:
        self.listening: Future[socket.socket] = Future()
        self.started: Future[Started] = Future()
        self.exited: Future[Exit] = Future()
        self.logs_ended: Future[None] = Future()
        self.output = Output()
        self.extensions: Future[tuple[str, ...]] = Future()
        self._spec = spec
        self._note = note
        self._namespaces = namespaces
        self._identifiers = count()
        self._processes: dict[int, LocalProcess] = {}
        self.runtime = self._new_process("runtime", self.output)
        self._box: BoxProcess | None = None
        self._setup: BoxSetup | None = None
        self._limits: Limits | None = None
        self._oom_kills = 0
        self._changing = Lock()
        self._is_closed = False
        self._is_ending = Event()
        self._underway = Event()
        self._killings: deque[Future[None]] = deque()
        self._measurings: deque[Future[int]] = deque()
        self._listener: socket.socket | None = None
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._is_ending.set()
        with self._changing:
            self._is_closed = True
            box = self._box
        if box:
            box.end()
        self.output.close()
        for process in self._processes.values():
            process.output.close()
        self._thread.join(_END_SECONDS)
        if self._listener:
            self._listener.close()
        for process in self._processes.values():
            if process.pipe:
                process.pipe.join(_LAST_OUTPUT_SECONDS)
        if self._limits:
            self._limits.close()

    def give_head_start(self, seconds: float) -> None:
        self._underway.wait(seconds)

    @property
    def is_starting(self) -> bool:
        return self._box is not None

    @property
    def debugger(self) -> Debugger | None:
        return self._spec.sandbox.debugger

    @property
    def can_restart(self) -> bool:
        return True

    def start_extension(self, name: str) -> LocalProcess:
        if self._setup is None:
            raise EnvironmentUnusableError("the sandbox has not started")
        extension = self._new_process(name, Output())
        self._start(extension)
        return extension

    def start_runtime(self) -> LocalProcess:
        with self._changing:
            runtime = self.runtime
            if runtime.exited.done():
                runtime = self.runtime = self._new_process("runtime", self.output)
            is_new = not runtime.is_requested
            if is_new and not self._has_ended:
                self._start(runtime)
            elif is_new:
                runtime.end()
            return runtime

    def kill_processes(self) -> Future[None]:
        killed: Future[None] = Future()
        with self._changing:
            box = self._box
            if box is None or self._has_ended:
                killed.set_result(None)
                return killed
            for process in tuple(self._processes.values()):
                process.is_killed = True
            self._killings.append(killed)
        box.send(("kill",))
        return killed

    def end_init(self) -> None:
        cpus = self._spec.sandbox.cpus
        if self._limits and cpus is not None:
            Thread(target=self._limit_cpu, args=(self._limits, cpus), daemon=True).start()

    def accepts_peer(self, host: str, port: int) -> bool:
        del port  # any process of this machine may be one of the sandbox
        return host == LOOPBACK

    def stop(self) -> None:
        box = self._box
        if box is None:
            return
        if grace_seconds := self._spec.sandbox.grace_seconds:
            self.runtime.terminate()
            with suppress(TimeoutError, SandboxError):
                self.runtime.exited.result(grace_seconds)
        self._is_ending.set()
        for process in tuple(self._processes.values()):
            process.is_killed = True
        box.end()
        self._settle_logs(self.runtime)
        with suppress(TimeoutError, SandboxError):
            self.exited.result(_END_SECONDS)

    @property
    def measures_at_once(self) -> bool:
        return self._limits is None or self._limits.memory is not None

    def peak_memory_mb(self) -> int | None:
        if self._limits is None:
            return None
        if group := self._limits.memory:
            # Files of a /tmp in memory are not memory of the function.
            of_group = 0 if self._spec.sandbox.tmp_mb else group.peak_bytes()
            peak = max(of_group, group.process_peak_bytes())
        else:
            peak = self._measure()
        return -(-peak // _MIB) or None

    def connect(self, port: int) -> socket.socket:
        for host in (LOOPBACK, "::1"):
            with suppress(OSError):
                return socket.create_connection((host, port))
        from samlocal.sandbox.refusal import refused  # noqa: PLC0415  # few need it

        raise refused(port)

    def listens_on(self, port: int) -> bool | None:
        from samlocal.sandbox.process.open_ports import listens_on  # noqa: PLC0415  # only debuggers do

        return listens_on(port)

    def reaches_host(self) -> bool | None:
        return True

    def _new_process(self, name: str, output: Output) -> LocalProcess:
        process = LocalProcess(
            name,
            output,
            next(self._identifiers),
            signal=self._signal,
            output_closed=self._settle_logs,
        )
        self._processes[process.identifier] = process
        return process

    def _start(self, process: LocalProcess) -> None:
        """Let the started box start a process."""
        box, setup = self._box, self._setup
        if box is None or setup is None:
            raise EnvironmentUnusableError("the sandbox has not started")
        is_runtime = process is self.runtime
        program = setup.runtime() if is_runtime else setup.extension(process.name)
        writer = process.open_output()
        box.send(program.message(process.identifier), outputs=[writer])

    def _signal(self, identifier: int, number: int) -> None:
        if self._box:
            self._box.send(("signal", identifier, number))

    def _limit_cpu(self, limits: Limits, cpus: float) -> None:
        if not self._is_ending.wait(UNLIMITED_SECONDS):
            limits.limit_cpu(cpus)

    def _measure(self) -> int:
        """Ask the box for the peak of its memory, in bytes; 0 if it has ended."""
        measured: Future[int] = Future()
        with self._changing:
            if self._box is None or self._has_ended:
                return 0
            self._measurings.append(measured)
        self._box.send(("measure",))
        with suppress(TimeoutError):
            return measured.result(_MEASURE_SECONDS)
        return 0

    @property
    def _has_ended(self) -> bool:
        return self.exited.done()

    def _run(self) -> None:
        """Run the box to its end; the futures report what happens."""
        try:
            self._listener = socket.create_server((LOOPBACK, 0), backlog=_BACKLOG)
            self.listening.set_result(self._listener)
            settle(self.extensions, extensions_of(self._spec))
            address = f"{LOOPBACK}:{self._listener.getsockname()[1]}"
            self._run_box(address)
        except BaseException as error:
            self._fail(error)
            if not isinstance(error, SandboxError):
                raise  # a defect of samlocal
        else:
            self._end()

    def _run_box(self, address: str) -> None:
        """Run a box with namespaces, or without where this machine has none.

        Raises:
            IsolationError: It has none, and `--strict` requires them.
        """
        refusal = "this system has none"
        if self._namespaces:
            refused = self._converse(BoxSetup(self._spec, address, is_isolated=True))
            if refused is None:
                return
            refusal = refused
        if self._spec.sandbox.strict:
            raise IsolationError(
                f"`--strict` requires namespaces: {refusal}",
                hint="run the function in a container with `--sandbox docker`",
            )
        self._note(f"No namespaces ({refusal}): the function sees this machine's files")
        refused = self._converse(BoxSetup(self._spec, address, is_isolated=False))
        if refused is not None:
            raise IsolationError(f"the processes cannot be supervised: {refused}")

    def _converse(self, setup: BoxSetup) -> str | None:
        """Start a box and take its messages to the end; return why it cannot isolate its processes."""
        setup.make_folder()
        with self._changing:
            if self._is_closed:
                setup.folder.joinpath("tmp").rmdir()
                setup.folder.rmdir()
                return None
            box = BoxProcess()
            self._setup, self._box = setup, box
        self._begin(box, setup)
        self._underway.set()
        refusal = None
        try:
            for message in box.messages():
                if message[0] == "failed" and not self.started.done():
                    refusal = message[2]
                else:
                    self._take(message)
        finally:
            box.close()
        return refusal

    def _begin(self, box: BoxProcess, setup: BoxSetup) -> None:
        """Tell the box its setup, and let it start the runtime unless that has to wait."""
        if self.extensions.result(0):
            box.send(setup.message())
            return
        runtime = self.runtime
        writer = runtime.pipe.writer if runtime.pipe else runtime.open_output()
        start = setup.runtime().message(runtime.identifier)
        box.send(setup.message(), start, outputs=[writer])

    def _take(self, message: tuple[Any, ...]) -> None:
        match message:
            case ("ready", folders, is_unified, at):
                self._limits = Limits(folders, is_unified=is_unified)
                settle(self.started, Started(at=at))
            case ("started", identifier, at):
                self._processes[identifier].has_started(at)
            case ("exited", identifier, at, status, out_of_memory):
                process = self._processes[identifier]
                self._take_exit(process, at, status, out_of_memory=out_of_memory)
            case ("refused", identifier, number, beginning):
                self._refuse(self._processes[identifier], number, beginning)
            case ("killed",):
                settle(self._killings.popleft(), None)
            case ("measured", size):
                settle(self._measurings.popleft(), size)
            case ("failed", _, reason):
                _log.debug("the box failed: %s", reason)

    def _take_exit(
        self, process: LocalProcess, at: float, status: int, *, out_of_memory: bool
    ) -> None:
        signal = status & 0x7F or None
        kills = self._limits.oom_kills() if self._limits else 0
        before, self._oom_kills = self._oom_kills, kills
        was_killed = signal == SIGKILL and not process.is_killed
        exited = Exit(
            at=at,
            status=128 + signal if signal else status >> 8,
            signal=signal,
            out_of_memory=was_killed and (out_of_memory or kills > before),
        )
        process.has_exited(exited)

    def _refuse(self, process: LocalProcess, number: int, beginning: bytes) -> None:
        from samlocal.sandbox.process.refused_programs import (  # noqa: PLC0415  # few need it
            extension_error,
            refusal_reason,
        )

        if process is self.runtime:
            reason = refusal_reason(number, beginning)
            error: SandboxError = ProgramNotExecutableError(
                f"{self._spec.label} cannot be started: {reason}"
            )
        else:
            error = extension_error(process.name, number, beginning)
        process.refuse(error)

    def _settle_logs(self, process: LocalProcess) -> None:
        """Settle the end of the logs, if the sandbox is ending and its runtime has written all."""
        has_written = process.pipe is None or process.pipe.has_ended
        if process is self.runtime and self._is_ending.is_set() and has_written:
            settle(self.logs_ended, None)

    def _end(self) -> None:
        """All processes have ended with the box."""
        ended = Exit(at=time.monotonic(), status=128 + SIGKILL, signal=SIGKILL)
        self._is_ending.set()
        with self._changing:
            settle(self.started, Started(at=ended.at))
            settle(self.exited, ended)
        for process in tuple(self._processes.values()):
            if not process.exited.done():
                process.end()
        self._settle_waiting()
        if self.runtime.pipe:
            self.runtime.pipe.join(_LAST_OUTPUT_SECONDS)
        settle(self.logs_ended, None)

    def _settle_waiting(self) -> None:
        while self._killings:
            settle(self._killings.popleft(), None)
        while self._measurings:
            settle(self._measurings.popleft(), 0)

    def _fail(self, error: BaseException) -> None:
        futures = (self.listening, self.extensions, self.started, self.exited, self.logs_ended)
        with self._changing:
            for future in futures:
                set_error(cast("Future[object]", future), error)
        for process in tuple(self._processes.values()):
            process.fail(error)
        self._settle_waiting()
        self._underway.set()
