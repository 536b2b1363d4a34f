"""The way of one response to the caller of its invocation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from samlocal.invocation import ResponseMode, ResponseSink
    from samlocal.runtime_api.answer import Answer


class Delivery:
    """Gives a response to a sink: begun once, ended once, one call after the other.

    The Runtime API begins and writes a streamed response. Whoever knows the outcome of the invocation
    calls `finish`, also for a timeout or a crash in the middle of the response; what the runtime still
    sends is dropped then. Without a sink, a streamed response is kept.

    The first error of the sink is kept for `raise_error`, so that the runtime is not concerned. The sink
    gets nothing more.
    """

    def __init__(self, sink: ResponseSink | None = None) -> None:
        self._sink = sink
        self._kept = bytearray()
        self._has_begun = False
        self._is_ended = False
        self._finishing: asyncio.Task[None] | None = None
        self._error: Exception | None = None
        self._lock = asyncio.Lock()

    @property
    def kept(self) -> bytes:
        """The streamed response, if there is no sink."""
        return bytes(self._kept)

    async def begin(self, content_type: str, mode: ResponseMode) -> None:
        async with self._lock:
            await self._begin(content_type, mode)

    async def write(self, chunk: bytes) -> None:
        """Give a chunk to the sink, and wait until it has taken it."""
        async with self._lock:
            await self._write(chunk)

    def finish(self, answer: Answer) -> asyncio.Task[None]:
        """Start to give the rest of an answer to the sink; later calls return the same task.

        The rest is all of the answer, or the end of a response that has begun.
        """
        if self._finishing is None:
            self._finishing = asyncio.get_running_loop().create_task(self._finish(answer))
        return self._finishing

    def raise_error(self) -> None:
        """Raise the sink's error, if there was one."""
        if self._error:
            raise self._error

    async def _finish(self, answer: Answer) -> None:
        async with self._lock:
            if not self._has_begun:
                await self._begin(answer.content_type, "buffered")
                await self._write(answer.payload)
            if self._sink and not self._error:
                await self._call(self._sink.end(answer.error))
            self._is_ended = True

    async def _begin(self, content_type: str, mode: ResponseMode) -> None:
        if self._is_ended:
            return
        self._has_begun = True
        if self._sink:
            await self._call(self._sink.begin(content_type, mode))

    async def _write(self, chunk: bytes) -> None:
        if not chunk or self._is_ended or self._error:
            return
        if self._sink:
            await self._call(self._sink.write(chunk))
        else:
            self._kept += chunk

    async def _call(self, call: Awaitable[None]) -> None:
        try:
            await call
        except Exception as error:  # noqa: BLE001  # `raise_error` raises it
            self._error = error
