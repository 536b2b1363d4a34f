"""A process in a box: the runtime, or an external extension."""

from __future__ import annotations

import time
from concurrent.futures import Future
from signal import SIGKILL, SIGTERM
from typing import TYPE_CHECKING, cast

from samlocal.sandbox.future_results import set_error, settle
from samlocal.sandbox.process.output_pipe import OutputPipe
from samlocal.sandbox.sandbox import Exit, Started

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.sandbox.output import Output


class LocalProcess:
    """A process that a box starts; see `Process`.

    `identifier` is its number in messages. `signal` sends a signal to its process group. `output_closed` is
    called when nothing can write to its output any more.
    """

    def __init__(
        self,
        name: str,
        output: Output,
        identifier: int,
        *,
        signal: Callable[[int, int], None],
        output_closed: Callable[[LocalProcess], None] = lambda _: None,
    ) -> None:
        self.name = name
        self.identifier = identifier
        self.started: Future[Started] = Future()
        self.exited: Future[Exit] = Future()
        self.output_ended: Future[None] = Future()
        self.output = output
        self.is_requested = False
        """Whether the box has been told to start it."""
        self.is_killed = False
        """Whether samlocal has killed it, and so not the kernel for its memory."""
        self.pipe: OutputPipe | None = None
        self._signal = signal
        self._output_closed = output_closed

    def open_output(self) -> int:
        """Read its output from now on; return its end of the pipe, which is open here until it has started."""
        self.is_requested = True
        self.pipe = OutputPipe(self.output, self._end_output)
        self.pipe.start()
        return self.pipe.writer

    def terminate(self) -> None:
        self._when_started(SIGTERM)

    def kill(self) -> None:
        self.is_killed = True
        self._when_started(SIGKILL)

    def request_flush(self) -> Future[None] | None:
        if self.output_ended.done():
            return self.output_ended
        return self.pipe.request_flush() if self.pipe else None

    def flush_output(self) -> None:
        if flushed := self.request_flush():
            flushed.result()  # a log may be as slow as its reader

    def has_started(self, at: float) -> None:
        self._close_writer()
        settle(self.started, Started(at=at))

    def has_exited(self, exited: Exit) -> None:
        """Its output up to now is all that it has written."""
        self._close_writer()
        settle(self.started, Started(at=exited.at))
        flushed = self.pipe.request_flush() if self.pipe else None
        settle(self.exited, exited)
        if flushed:
            flushed.add_done_callback(lambda _: settle(self.output_ended, None))
        else:
            settle(self.output_ended, None)

    def end(self) -> None:
        """It has ended with its box, which told nothing about it."""
        self.has_exited(Exit(at=time.monotonic(), status=128 + SIGKILL, signal=SIGKILL))

    def refuse(self, error: BaseException) -> None:
        """The kernel does not execute it."""
        self._close_writer()
        set_error(self.started, error)
        set_error(self.exited, error)

    def fail(self, error: BaseException) -> None:
        """Let all futures fail that are not done."""
        for future in (self.started, self.exited, self.output_ended):
            set_error(cast("Future[object]", future), error)
        self._close_writer()

    def _close_writer(self) -> None:
        if self.pipe:
            self.pipe.close_writer()

    def _end_output(self) -> None:
        settle(self.output_ended, None)
        self._output_closed(self)

    def _when_started(self, number: int) -> None:
        def send(started: Future[Started]) -> None:
            if not (started.exception() or self.exited.done()):
                self._signal(self.identifier, int(number))

        self.started.add_done_callback(send)
