"""A request that an app is answering, and the answer that it gets if it does not finish in time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from samlocal.lambda_api.asgi import Message, Scope, Send

Answer = tuple[int, bytes, bytes]

# Status, error type and body. Clients may try again:
# https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html
STOPPING: Final[Answer] = (
    503,
    b"ServiceUnavailable",
    b'{"Type":"Server","Message":"The endpoint is stopping."}',
)


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

    def give_up(self) -> None:
        """Cancel the app; answer the request at once if the app has not begun to."""
        if self.is_given_up:
            return
        self.is_given_up = True
        if not self._is_started:
            self._begin(STOPPING)
        if self._task:
            self._task.cancel()

    async def answer(self, answer: Answer) -> None:
        """Send a whole answer, if the app has not begun one."""
        if not self._is_started:
            self._begin(answer)
        if self._answering:
            await self._answering

    def _begin(self, answer: Answer) -> None:
        self._is_started = True
        self._answering = asyncio.create_task(self._put(answer))

    async def _put(self, answer: Answer) -> None:
        status, error_type, body = answer
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"x-amzn-errortype", error_type),
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})
