"""The result of a function on stdout, as it comes."""

from __future__ import annotations

import select
import sys
from codecs import getincrementaldecoder
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING

from samlocal.cli.console import is_one_terminal, is_stdout_writable, write_result

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.invocation import FunctionError, ResponseMode


class ResultOutput:
    """Writes each part of a response to stdout at once, byte for byte; on a terminal, a newline follows text.

    With `ends_lines`, every response ends with a newline, so that others can follow it. `before` is called
    before each response if stderr is the same terminal.

    A reader that does not read stops neither signals nor timeouts. `is_incomplete` tells that an error
    followed after a part of the response was written; any other error is itself the result.

    Raises, from each call:
        OutputError: stdout cannot be written.
    """

    def __init__(
        self, *, ends_lines: bool = False, before: Callable[[], None] | None = None
    ) -> None:
        self.is_incomplete = False
        self._mode: ResponseMode = "buffered"
        self._is_empty = True
        self._before = before if before and is_one_terminal() else None
        self._line_end = line_end(of_any=ends_lines)

    async def begin(self, content_type: str, mode: ResponseMode) -> None:
        del content_type
        self._mode = mode
        if self._before:
            self._before()

    async def write(self, chunk: bytes) -> None:
        self._is_empty = False
        if self._line_end:
            self._line_end.follow(chunk)
        await _write(chunk)

    async def end(self, error: FunctionError | None) -> None:
        if error and self._mode == "streaming":
            self.is_incomplete = not self._is_empty
            if self._is_empty:
                await self.write(error.payload)
        if self._line_end and self._line_end.is_missing:
            await _write(b"\n")


def line_end(*, of_any: bool = False) -> LineEnd | None:
    """Return what tells whether a newline is missing; None if stdout is no terminal and needs none."""
    return LineEnd(of_any=of_any) if of_any or sys.stdout.isatty() else None


class LineEnd:
    """Tells whether the last line of text, or of any output, is not ended."""

    def __init__(self, *, of_any: bool) -> None:
        self._of_any = of_any
        self._decoder = getincrementaldecoder("utf-8")()
        self._is_text = True
        self._last = b""

    def follow(self, chunk: bytes) -> None:
        self._last = chunk[-1:]
        if not self._of_any:
            self._is_text = self._is_text and self._is_text_with(chunk)

    @property
    def is_missing(self) -> bool:
        if self._last == b"\n":
            return False
        return self._of_any or (self._is_text and self._is_text_with(b"", final=True))

    def _is_text_with(self, chunk: bytes, *, final: bool = False) -> bool:
        try:
            return "\0" not in self._decoder.decode(chunk, final)
        except UnicodeDecodeError:
            return False


async def _write(chunk: bytes) -> None:
    """Write to stdout; in a thread if that may take long, which the end of the program does not wait for."""
    if len(chunk) <= select.PIPE_BUF and is_stdout_writable(0):
        write_result(chunk)
        return
    from samlocal.execution.thread_futures import awaitable  # with asyncio, which is there by now

    written: Future[None] = Future()

    def run() -> None:
        try:
            write_result(chunk)
        except BaseException as error:  # noqa: BLE001  # the waiting coroutine raises it
            written.set_exception(error)
        else:
            written.set_result(None)

    Thread(target=run, name="stdout", daemon=True).start()
    await awaitable(written)
