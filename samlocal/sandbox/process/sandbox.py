"""A sandbox of processes of this machine, from its listener to the end of its box."""

from __future__ import annotations

import socket
import sys
import time
from concurrent.futures import Future
from contextlib import suppress
from signal import SIGKILL
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Final, Self, cast

from samlocal.errors import IsolationError, SandboxError
from samlocal.sandbox.cpu_limit import UNLIMITED_SECONDS
from samlocal.sandbox.future_results import set_error, settle
from samlocal.sandbox.output import Output
from samlocal.sandbox.ports import LOOPBACK
from samlocal.sandbox.process.box_ahead import take_box
from samlocal.sandbox.process.box_setup import BoxSetup, extensions_of
from samlocal.sandbox.process.processes import Processes
from samlocal.sandbox.sandbox import Exit

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.sandbox.process.box_process import BoxProcess
    from samlocal.sandbox.process.limits import Limits
    from samlocal.sandbox.process.local_process import LocalProcess
    from samlocal.sandbox.process_spec import ProcessSpec
    from samlocal.sandbox.sandbox import Debugger, Process, Started

# The longest wait for the end of a box.
_END_SECONDS: Final = 5.0
# The longest wait for the last output of a function.
_LAST_OUTPUT_SECONDS: Final = 2.0
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
        self._processes = Processes(
            self.output, self.started, label=spec.first_program, output_closed=self._settle_logs
        )
        self._spec = spec
        self._note = note
        self._namespaces = namespaces
        self._box: BoxProcess | None = None
        self._closing = Lock()
        self._is_closed = False
        self._is_ending = Event()
        self._underway = Event()
        self._listener: socket.socket | None = None
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._is_ending.set()
        with self._closing:
            self._is_closed = True
            box = self._box
        self._processes.expect_end()
        if box:
            box.end()
        self.output.close()
        for process in self._processes:
            process.output.close()
        self._thread.join(_END_SECONDS)
        if box and self._thread.is_alive():
            box.kill()
            self._thread.join(_END_SECONDS)
        if self._listener:
            self._listener.close()
        for process in self._processes:
            if process.pipe:
                process.pipe.join(_LAST_OUTPUT_SECONDS)
        if limits := self._processes.limits:
            limits.close()

    @property
    def runtime(self) -> Process:
        return self._processes.runtime

    def give_head_start(self, seconds: float) -> None:
        """Wait until the box has been started or has failed, at most `seconds`."""
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

    def start_extension(self, name: str) -> Process:
        return self._processes.start_extension(name)

    def start_runtime(self) -> Process:
        return self._processes.start_runtime()

    def kill_processes(self) -> Future[None]:
        return self._processes.kill()

    def end_init(self) -> None:
        limits, cpus = self._processes.limits, self._spec.sandbox.cpus
        if limits and cpus is not None:
            Thread(target=self._limit_cpu, args=(limits, cpus), daemon=True).start()

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
        self._processes.expect_end()
        box.end()
        self._settle_logs(self._processes.runtime)
        with suppress(SandboxError):
            try:
                self.exited.result(_END_SECONDS)
            except TimeoutError:
                box.kill()
                with suppress(TimeoutError):
                    self.exited.result(_END_SECONDS)

    @property
    def measures_at_once(self) -> bool:
        limits = self._processes.limits
        return limits is None or limits.memory is not None

    def peak_memory_mb(self) -> int | None:
        limits = self._processes.limits
        if limits is None:
            return None
        if group := limits.memory:
            # Files of a /tmp in memory are not memory of the function.
            of_group = 0 if self._spec.sandbox.tmp_mb else group.peak_bytes()
            peak = max(of_group, group.process_peak_bytes(), self._processes.peak_bytes)
        else:
            peak = self._processes.measure()
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

    def _limit_cpu(self, limits: Limits, cpus: float) -> None:
        if not self._is_ending.wait(UNLIMITED_SECONDS):
            limits.limit_cpu(cpus)

    def _run(self) -> None:
        """Run the box to its end; the futures report what happens."""
        try:
            self._listener = socket.create_server((LOOPBACK, 0), backlog=_BACKLOG)
            self.listening.set_result(self._listener)
            self._require_mounts()
            settle(self.extensions, extensions_of(self._spec))
            self._run_box(f"{LOOPBACK}:{self._listener.getsockname()[1]}")
        except BaseException as error:
            self._fail(error)
            if not isinstance(error, SandboxError):
                raise  # a defect of samlocal
        else:
            self._end()

    def _require_mounts(self) -> None:
        for mount in self._spec.sandbox.mounts:
            if not mount.source.exists():
                message = (
                    f"`{mount.source}`, which the function has at `{mount.target}`, does not exist"
                )
                raise SandboxError(message)

    def _run_box(self, address: str) -> None:
        """Run a box with namespaces, or without where this machine has none.

        Raises:
            IsolationError: It has none, and `--strict` requires them.
        """
        refusal: str | None = "this system has none"
        if self._namespaces:
            refusal = self._converse(BoxSetup(self._spec, address, is_isolated=True))
            if refusal is None or self._runs_wrapped(address):
                return
        if self._spec.sandbox.strict:
            raise IsolationError(
                f"`--strict` requires namespaces, which are refused: {refusal}",
                hint="run the function in a container: `--sandbox docker`",
            )
        self._note(f"No namespaces ({refusal}): the function sees this machine's files")
        refusal = self._converse(BoxSetup(self._spec, address, is_isolated=False))
        if refusal is not None:
            raise IsolationError(f"no process can be supervised: {refusal}")

    def _runs_wrapped(self, address: str) -> bool:
        """Run a box in namespaces of bubblewrap, if it is installed and may make some; return whether it ran."""
        from shutil import which  # noqa: PLC0415  # few machines refuse namespaces

        wrapper = which("bwrap")
        if wrapper is None:
            return False
        setup = BoxSetup(self._spec, address, is_isolated=True, wrapper=wrapper)
        return self._converse(setup) is None

    def _converse(self, setup: BoxSetup) -> str | None:
        """Start a box and take its messages to the end; return why it cannot isolate its processes."""
        with self._closing:
            if self._is_closed:
                return None
            box = self._box = take_box()
        starts_runtime = not self.extensions.result(0)
        self._processes.begin(box, setup, starts_runtime=starts_runtime)
        self._underway.set()
        refusal = None
        has_cleaned_up = False
        try:
            for message in box.messages():
                if message == ("ended",):
                    has_cleaned_up = True
                elif message[0] == "failed" and not self.started.done():
                    refusal = message[1]
                else:
                    self._processes.take(message)
        finally:
            box.close()
            if not has_cleaned_up:
                from samlocal.sandbox.process.lost_box import clean_up  # noqa: PLC0415  # it was killed

                clean_up(setup, self._processes.limits)
        return refusal

    def _settle_logs(self, process: LocalProcess) -> None:
        """Settle the end of the logs, if the sandbox is ending and its runtime has written all."""
        has_written = process.pipe is None or process.pipe.has_ended
        if process is self._processes.runtime and self._is_ending.is_set() and has_written:
            settle(self.logs_ended, None)

    def _end(self) -> None:
        """All processes have ended with the box."""
        self._is_ending.set()
        self._processes.box_ended()
        settle(self.exited, Exit(at=time.monotonic(), status=128 + SIGKILL, signal=SIGKILL))
        if pipe := self._processes.runtime.pipe:
            pipe.join(_LAST_OUTPUT_SECONDS)
        settle(self.logs_ended, None)

    def _fail(self, error: BaseException) -> None:
        self._processes.fail(error)
        for future in (self.listening, self.extensions, self.exited, self.logs_ended):
            set_error(cast("Future[object]", future), error)
        self._underway.set()
