"""A request that an app is answering, and the answer that it gets if it does not finish in time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from samlocal.lambda_api.api_error import LambdaApiError
from samlocal.lambda_api.error_types import ErrorType
from samlocal.lambda_api.request import Request
from samlocal.lambda_api.responses import content_length, error_response

if TYPE_CHECKING:
    from samlocal.lambda_api.asgi import Message, Receive, Scope, Send

# Of all services, not of Lambda: https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html. Clients try again.
_SERVICE_UNAVAILABLE: Final = ErrorType(
    name="ServiceUnavailable", status=503, fault="Server", message_member="Message"
)
_STOPPING: Final = error_response(LambdaApiError(_SERVICE_UNAVAILABLE, "The endpoint is stopping."))


class RunningRequest:
    """A request of the current task; `send` is the app's way to answer it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.is_given_up = False
        self._receive = receive
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
        self._begin()
        if self._task:
            self._task.cancel()

    async def answer(self) -> None:
        """Say that the endpoint is stopping, if the app has not begun an answer."""
        self._begin()
        if self._answering:
            await self._answering

    def _begin(self) -> None:
        if not self._is_started:
            self._is_started = True
            self._answering = asyncio.create_task(self._put())

    async def _put(self) -> None:
        """Send the answer without the end of the request, which may never arrive."""
        request = Request(self.scope, self._receive, self._send)
        headers = [*_STOPPING.headers, *content_length(_STOPPING)]
        await request.begin_response(_STOPPING._replace(headers=headers))
        await request.send_part(_STOPPING.body, is_last=True)
