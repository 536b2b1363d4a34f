"""The processes of one box: what starts them, and how they end."""

from __future__ import annotations

import logging
import time
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from signal import SIGKILL
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from samlocal.errors import EnvironmentUnusableError
from samlocal.sandbox.future_results import set_error, settle
from samlocal.sandbox.output import Output
from samlocal.sandbox.process.limits import Limits
from samlocal.sandbox.process.local_process import LocalProcess
from samlocal.sandbox.sandbox import Exit, Started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from samlocal.errors import SandboxError
    from samlocal.sandbox.process.box_process import BoxProcess
    from samlocal.sandbox.process.box_setup import BoxSetup

_log = logging.getLogger(__name__)

_MEASURE_SECONDS: Final = 1.0


class Processes:
    """The runtimes and extensions of one sandbox, which its box controls.

    `started` is the future of the sandbox. `output_closed` is called when a process, or what it has left
    behind, cannot write any more. `label` is the runtime's program in messages.
    """

    def __init__(
        self,
        output: Output,
        started: Future[Started],
        *,
        label: str,
        output_closed: Callable[[LocalProcess], None],
    ) -> None:
        self.limits: Limits | None = None
        """The limits of the box, once it is ready."""
        self.peak_bytes = 0
        """The most memory that a process had which has ended."""
        self._started = started
        self._label = label
        self._output_closed = output_closed
        self._identifiers = count()
        self._all: dict[int, LocalProcess] = {}
        self.runtime = self._new("runtime", output)
        self._box: BoxProcess | None = None
        self._setup: BoxSetup | None = None
        self._oom_kills = 0
        self._changing = Lock()
        self._killings: deque[Future[None]] = deque()
        self._measurings: deque[Future[int]] = deque()
        # How the box, which has ended, ends its processes.
        self._end: Callable[[LocalProcess], None] | None = None

    def __iter__(self) -> Iterator[LocalProcess]:
        return iter(tuple(self._all.values()))

    def begin(self, box: BoxProcess, setup: BoxSetup, *, starts_runtime: bool) -> None:
        """Tell a box its setup, and let it start the runtime unless that has to wait."""
        with self._changing:
            self._box, self._setup = box, setup
            if not starts_runtime:
                box.send(setup.message())
                return
            runtime = self.runtime
            # A box that was refused its namespaces has not started it.
            writer = runtime.pipe.writer if runtime.pipe else runtime.open_output()
            start = setup.runtime().message(runtime.identifier)
            box.send(setup.message(), start, outputs=[writer])

    def start_runtime(self) -> LocalProcess:
        with self._changing:
            runtime = self.runtime
            if runtime.exited.done():
                self._forget_ended()
                runtime = self.runtime = self._new("runtime", runtime.output)
            if not runtime.is_requested:
                self._start(runtime)
            return runtime

    def start_extension(self, name: str) -> LocalProcess:
        with self._changing:
            extension = self._new(name, Output())
            self._start(extension)
            return extension

    def kill(self) -> Future[None]:
        """Kill all processes; see `Sandbox.kill_processes`."""
        killed: Future[None] = Future()
        with self._changing:
            if self._box is None or self._end:
                killed.set_result(None)
                return killed
            self.expect_end()
            self._killings.append(killed)
            self._box.send(("kill",))
        return killed

    def expect_end(self) -> None:
        """Samlocal is about to kill all processes."""
        for process in self:
            process.is_killed = True

    def measure(self) -> int:
        """Ask the box for the peak of its memory, in bytes; 0 if it has ended."""
        measured: Future[int] = Future()
        with self._changing:
            if self._box is None or self._end:
                return 0
            self._measurings.append(measured)
            self._box.send(("measure",))
        with suppress(TimeoutError):
            return measured.result(_MEASURE_SECONDS)
        return 0

    def take(self, message: tuple[Any, ...]) -> None:
        """Take a message of the box."""
        match message:
            case ("ready", folders, is_unified, at):
                self.limits = Limits(folders, is_unified=is_unified)
                settle(self._started, Started(at=at))
            case ("started", identifier, at):
                self._all[identifier].has_started(at)
            case ("exited", identifier, at, status, out_of_memory, peak):
                self.peak_bytes = max(self.peak_bytes, peak)
                process = self._all[identifier]
                self._take_exit(process, at, status, out_of_memory=out_of_memory)
            case ("refused", identifier, number, beginning):
                process = self._all[identifier]
                process.refuse(self._refusal(process, number, beginning))
            case ("killed",):
                settle(self._killings.popleft(), None)
            case ("measured", size):
                settle(self._measurings.popleft(), size)
            case ("failed", reason):
                _log.debug("the box failed: %s", reason)

    def box_ended(self) -> None:
        """All processes have ended with the box."""
        settle(self._started, Started(at=time.monotonic()))
        self._end_all(LocalProcess.end)

    def fail(self, error: BaseException) -> None:
        """Let all futures fail that are not done."""
        set_error(self._started, error)
        self._end_all(lambda process: process.fail(error))

    def _new(self, name: str, output: Output) -> LocalProcess:
        process = LocalProcess(
            name,
            output,
            next(self._identifiers),
            signal=self._signal,
            output_closed=self._output_closed,
        )
        self._all[process.identifier] = process
        return process

    def _forget_ended(self) -> None:
        """Forget the processes that have ended with all that could write to their output."""
        for process in self:
            if process.exited.done() and (process.pipe is None or process.pipe.has_ended):
                del self._all[process.identifier]

    def _start(self, process: LocalProcess) -> None:
        """Let the started box start a process."""
        if self._end:
            self._end(process)
            return
        box, setup = self._box, self._setup
        if box is None or setup is None:
            raise EnvironmentUnusableError("the sandbox has not started")
        is_runtime = process is self.runtime
        program = setup.runtime() if is_runtime else setup.extension(process.name)
        box.send(program.message(process.identifier), outputs=[process.open_output()])

    def _signal(self, identifier: int, number: int) -> None:
        if self._box:
            self._box.send(("signal", identifier, number))

    def _take_exit(
        self, process: LocalProcess, at: float, status: int, *, out_of_memory: bool
    ) -> None:
        signal = status & 0x7F or None
        kills = self.limits.oom_kills() if self.limits else 0
        before, self._oom_kills = self._oom_kills, kills
        was_killed = signal == SIGKILL and not process.is_killed
        exited = Exit(
            at=at,
            status=128 + signal if signal else status >> 8,
            signal=signal,
            out_of_memory=was_killed and (out_of_memory or kills > before),
        )
        process.has_exited(exited)

    def _refusal(self, process: LocalProcess, number: int, beginning: bytes) -> SandboxError:
        from samlocal.sandbox.process import refused_programs  # noqa: PLC0415  # few need it

        if process is self.runtime:
            return refused_programs.runtime_error(self._label, number, beginning)
        return refused_programs.extension_error(process.name, number, beginning)

    def _end_all(self, end: Callable[[LocalProcess], None]) -> None:
        """End all present processes, and those that are still to start; the first cause counts."""
        with self._changing:
            self._end = self._end or end
            for process in self:
                if not process.exited.done():
                    self._end(process)
            while self._killings:
                settle(self._killings.popleft(), None)
            while self._measurings:
                settle(self._measurings.popleft(), 0)
