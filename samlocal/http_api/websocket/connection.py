"""One connection of a client, as routes and the `@connections` endpoint see it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.http_api.exchange import HttpRequest
    from samlocal.http_api.websocket.events import ConnectionFacts
    from samlocal.http_api.websocket.limits import Limits
    from samlocal.http_server.asgi import Send


@frozen
class Closing:
    """How a connection ended, as `$disconnect` sees it.

    `is_ours` is true if the gateway closes the connection, and has to tell the client.
    """

    code: int
    reason: str = ""
    is_ours: bool = True


# Codes: https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1; reasons as the service has them in events `DISCONNECT`:
# https://github.com/boto/boto3/issues/3789
NORMAL: Final = Closing(code=1000, reason="Connection Closed Normally")
GOING_AWAY: Final = Closing(code=1001, reason="Going away")
# https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-binary-media-types.html
BINARY: Final = Closing(code=1003, reason="Binary frames are not supported")
TOO_LARGE: Final = Closing(code=1009, reason="Message too long")
NO_STATUS: Final = Closing(
    code=1005, reason="Client-side close frame status not set", is_ours=False
)
ABNORMAL: Final = Closing(code=1006, is_ours=False)


class ConnectionGoneError(Exception):
    """The client is not connected any more."""


class Connection:
    """A client that has been let in; `slots` bounds its messages that are with functions.

    All calls are in one event loop.
    """

    def __init__(
        self,
        facts: ConnectionFacts,
        handshake: HttpRequest,
        send: Send,
        limits: Limits,
        clock: Callable[[], float],
    ) -> None:
        self.facts = facts
        self.handshake = handshake
        self.slots = asyncio.Semaphore(limits.concurrent_messages)
        self.closing: asyncio.Future[Closing] = asyncio.get_running_loop().create_future()
        self._send = send
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self.note_activity()

    @property
    def is_open(self) -> bool:
        """Whether nobody has closed it."""
        return not self.closing.done()

    def note_activity(self) -> None:
        """Start the idle time anew: a message has come or gone."""
        self.last_active_ms = int(self._clock() * 1000)
        self.last_active = self._loop.time()

    def close(self, closing: Closing) -> None:
        """Begin to close; the first closing counts."""
        if self.is_open:
            self.closing.set_result(closing)

    async def send_accept(self, subprotocol: str | None) -> None:
        """Let the client in.

        Raises:
            ConnectionGoneError: The client has left.
        """
        await self._transmit({"type": "websocket.accept", "subprotocol": subprotocol})

    async def send_text(self, text: str) -> None:
        """Send a message, no faster than the client reads.

        Raises:
            ConnectionGoneError: The client has left.
        """
        if not self.is_open:
            raise ConnectionGoneError
        self.note_activity()
        await self._transmit({"type": "websocket.send", "text": text})

    async def send_close(self, closing: Closing) -> None:
        """Tell the client that the connection ends.

        Raises:
            ConnectionGoneError: The client has left.
        """
        message = {"type": "websocket.close", "code": closing.code, "reason": closing.reason}
        await self._transmit(message)

    async def _transmit(self, message: dict[str, object]) -> None:
        try:
            await self._send(message)
        except OSError as error:
            raise ConnectionGoneError from error
