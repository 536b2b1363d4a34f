"""A request that an app is answering, and the answer that it gets if it does not finish in time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samlocal.http_server.asgi import Message, Scope, Send
    from samlocal.http_server.response import PlainResponse


class RunningRequest:
    """A request of the current task; `send` is the app's way to answer it."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope = scope
        self.is_given_up = False
        self._send = send
        self._is_started = False
        self._task = asyncio.current_task()
        self._answering: asyncio.Task[None] | None = None

    async def send(self, message: Message) -> None:
        """Send a part of the app's answer, unless the request has another answer."""
        if self._answering is None:
            self._is_started = True
            await self._send(message)

    def give_up(self, response: PlainResponse) -> None:
        """Cancel the app; answer the request at once if the app has not begun to."""
        if self.is_given_up:
            return
        self.is_given_up = True
        self._begin(response)
        if self._task:
            self._task.cancel()

    async def answer(self, response: PlainResponse) -> None:
        """Send an answer, unless there is one or the app has begun it."""
        self._begin(response)
        if self._answering:
            await self._answering

    def _begin(self, response: PlainResponse) -> None:
        if not self._is_started:
            self._is_started = True
            self._answering = asyncio.create_task(self._put(response))

    async def _put(self, response: PlainResponse) -> None:
        """Send the answer without the end of the request, which may never arrive."""
        await self._send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": response.all_headers(),
            }
        )
        await self._send({"type": "http.response.body", "body": response.body})
