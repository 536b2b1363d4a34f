"""A response in chunks, for callers without an event loop."""

from __future__ import annotations

from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from samlocal.execution.thread_futures import awaitable

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.invocation import FunctionError, ResponseMode


class ChunkCalls:
    """Calls back with each chunk of a response, in the thread that waits for the result.

    A buffered response is one chunk; an error instead of a response is none. The function waits while the
    callback runs. An exception of the callback is raised in the environment's thread, as that of the sink.
    """

    def __init__(self, on_chunk: Callable[[bytes], object]) -> None:
        self._on_chunk = on_chunk
        self._mode: ResponseMode = "buffered"
        self._whole = b""
        self._calls: SimpleQueue[tuple[bytes, Future[None]] | None] = SimpleQueue()

    async def begin(self, content_type: str, mode: ResponseMode) -> None:
        del content_type
        self._mode = mode

    async def write(self, chunk: bytes) -> None:
        if self._mode == "buffered":
            self._whole += chunk
        else:
            await self._call(chunk)

    async def end(self, error: FunctionError | None) -> None:
        if self._whole and not error:
            await self._call(self._whole)

    def run_until(self, result: Future[Any]) -> None:
        """Run the callbacks in this thread, until there is a result."""
        result.add_done_callback(lambda _: self._calls.put(None))
        while call := self._calls.get():
            chunk, done = call
            try:
                self._on_chunk(chunk)
            except Exception as error:  # noqa: BLE001  # the invocation raises it
                done.set_exception(error)
            else:
                done.set_result(None)

    async def _call(self, chunk: bytes) -> None:
        done: Future[None] = Future()
        self._calls.put((chunk, done))
        await awaitable(done)
