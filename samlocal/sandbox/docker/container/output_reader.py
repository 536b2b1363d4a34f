"""Reads a container's output to its end, and determines how the container ended."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Final

from samlocal.engine.output import read_output, read_whole_lines
from samlocal.errors import EngineError, SandboxError
from samlocal.sandbox.docker.container.output_marks import OutputMarks
from samlocal.sandbox.docker.container.shell_messages import ShellMessages, signal_of
from samlocal.sandbox.future_results import settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from samlocal.engine.engine import Engine
    from samlocal.engine.streams import Attached
    from samlocal.sandbox.docker.container.function_container import FunctionContainer
    from samlocal.sandbox.docker.container.processes import Processes
    from samlocal.sandbox.docker.container.shell_messages import ReportedExit
    from samlocal.sandbox.docker.container.start_errors import FormatErrors

_log = logging.getLogger(__name__)

_FIRST_BYTES: Final = 1024
# How long the thread may take to end after its connection.
_END_SECONDS: Final = 2.0
# The longest wait for the last output of a runtime.
_LAST_OUTPUT_SECONDS: Final = 2.0
# The exit statuses of shells and inits for a program that cannot run.
_NOT_EXECUTED: Final = frozenset({126, 127})


class OutputReader:
    """Reads the output of the runtimes and the supervisor's messages, in a thread that ends with the container."""

    def __init__(self, engine: Engine, container: FunctionContainer, processes: Processes) -> None:
        self.ended_at: float | None = None
        """When the output ended (`time.monotonic()`)."""
        self.ran_out_of_memory = False
        self._engine = engine
        self._container = container
        self._processes = processes
        self._output = processes.runtime.output
        self._messages = ShellMessages(processes.token, handle=self._handle, log=self._show)
        self._first_output = b""
        self._format_errors: FormatErrors | None = None
        self._attached: Attached | None = None
        self._thread: Thread | None = None
        self._is_closed = False

    def start(self, ended: Callable[[], None]) -> None:
        """Attach to the container before it starts, and read; call `ended` at the end.

        Raises:
            SandboxError: The engine cannot prepare the container.
        """
        attached = self._container.attach()
        marks = None
        if self._container.is_one_stream:
            marks = OutputMarks(
                self._processes.token,
                request=lambda: self._processes.supervisor.mark(None),
                ended=self._processes.runtime_output_ended,
            )
            pieces = marks.strip(read_output(attached.receive, stderr=self._messages.take))
        else:
            pieces = read_whole_lines(attached.receive)
        self._processes.supervise(self._container, attached, marks)
        if self._container.spec.image.foreign_architecture:
            from samlocal.sandbox.docker.container.start_errors import FormatErrors  # noqa: PLC0415  # few need it

            self._format_errors = FormatErrors()
        thread = Thread(target=self._read, args=(pieces, ended), daemon=True)
        thread.start()
        self._thread = thread  # not before, because `close` joins it
        self._attached = attached
        if self._is_closed:  # `close` may have run before the connection was set
            attached.close()

    def close(self, seconds: float) -> None:
        """Wait for the end of the output, at most `seconds`; then end the connection and the thread."""
        if self._thread:
            self._thread.join(seconds)
        self._is_closed = True
        if self._attached and self._thread:
            self._attached.close()
            self._thread.join(_END_SECONDS)

    def _read(self, pieces: Iterator[bytes], ended: Callable[[], None]) -> None:
        try:
            # A lost engine is reported by the thread that waits for the container's end.
            with suppress(EngineError), self._engine.translated_errors():
                for output in pieces:
                    self._first_output += output[: _FIRST_BYTES - len(self._first_output)]
                    self._show(output)
            if self._container.is_stopping:  # a killed shell writes nothing
                self._messages.pass_on()
            self.ended_at = time.monotonic()
            # The engine may not notice; the group exists for a moment longer than its processes.
            self.ran_out_of_memory = self._container.oom_kills() > 0
        finally:
            ended()

    def _show(self, output: bytes) -> None:
        if self._format_errors:
            self._format_errors.read(output)
        self._output.write(output)

    def _handle(self, word: str, details: bytes) -> None:
        """Take a message of the supervisor."""
        if word == "exit":
            self._handle_exit(self._messages.take_exit(details))
        elif word == "extensions":
            self._processes.found_extensions(details)
        elif word == "killed":
            self._processes.were_killed(details)

    def _handle_exit(self, reported: ReportedExit) -> None:
        runtime = self._processes.runtime
        exited = self._processes.exit_of(runtime, reported)
        is_foreign = self._container.spec.image.foreign_architecture is not None
        if exited.signal is not None or not (is_foreign or exited.status in _NOT_EXECUTED):
            settle(runtime.exited, exited)
            return

        def explain() -> None:
            with suppress(TimeoutError, SandboxError):
                runtime.output_ended.result(_LAST_OUTPUT_SECONDS)
            if error := self.explain(exited.status):
                runtime.fail(error)
            settle(runtime.exited, exited)

        Thread(target=explain, daemon=True).start()  # its output, which tells why, is to come

    def signal_of(self, status: int | None) -> int | None:
        """Return the signal that ended the container, from its exit status or the shell's message."""
        return signal_of(status, self._messages.last if self._container.is_one_stream else None)

    def explain(self, status: int | None) -> SandboxError | None:
        """Return why the image's program cannot run; None if it ended for another reason."""
        from samlocal.sandbox.docker.container.start_errors import program_error  # noqa: PLC0415  # few need it

        spec = self._container.spec
        said = self._first_output.decode(errors="replace")
        if status in _NOT_EXECUTED:
            try:
                with self._engine.translated_errors():
                    if error := program_error(self._engine, spec, said):
                        return error
            except EngineError as refusal:
                _log.debug("why its program cannot run is not known: %s", refusal.message)
        if self._format_errors and (self._format_errors.detected or status in _NOT_EXECUTED):
            return self._format_errors.as_error(spec)
        return None
