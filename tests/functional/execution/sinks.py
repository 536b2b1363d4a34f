"""A response sink that records its calls."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samlocal.invocation import FunctionError, ResponseMode


class RecordingSink:
    """Records what it is given; `broken` is raised by `write`, which waits while `may_write` is not set."""

    def __init__(self, *, broken: Exception | None = None) -> None:
        self.begun: asyncio.Future[tuple[str, ResponseMode]] = asyncio.Future()
        self.ended: asyncio.Future[FunctionError | None] = asyncio.Future()
        self.chunks: list[bytes] = []
        self.may_write = asyncio.Event()
        self.may_write.set()
        self._broken = broken
        self._changed = asyncio.Event()

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    async def begin(self, content_type: str, mode: ResponseMode) -> None:
        self.begun.set_result((content_type, mode))

    async def write(self, chunk: bytes) -> None:
        assert self.begun.done()
        assert not self.ended.done()
        self.chunks.append(chunk)
        self._changed.set()
        await self.may_write.wait()
        if self._broken:
            raise self._broken

    async def end(self, error: FunctionError | None) -> None:
        self.ended.set_result(error)

    async def received(self, body: bytes) -> None:
        """Wait until this is what has been written."""
        async with asyncio.timeout(20):
            while self.body != body:
                self._changed.clear()
                await self._changed.wait()
