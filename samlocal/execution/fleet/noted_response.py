"""A response whose end is noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.invocation import FunctionError, ResponseMode, ResponseSink


class NotedResponse:
    """Passes a response on, and calls `ended` after its end."""

    def __init__(self, response: ResponseSink, ended: Callable[[], None]) -> None:
        self._response = response
        self._ended = ended

    async def begin(self, content_type: str, mode: ResponseMode) -> None:
        await self._response.begin(content_type, mode)

    async def write(self, chunk: bytes) -> None:
        await self._response.write(chunk)

    async def end(self, error: FunctionError | None) -> None:
        await self._response.end(error)
        self._ended()
