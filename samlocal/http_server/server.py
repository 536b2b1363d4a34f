"""Runs an ASGI app on listening sockets in the running loop, and stops it without losing a request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Self

from samlocal.http_server.acceptor import Acceptor
from samlocal.http_server.connection import HttpConnection
from samlocal.http_server.limits import Limits
from samlocal.http_server.response import json_error
from samlocal.http_server.server_state import ServerState

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from ssl import SSLContext

    from samlocal.http_server.asgi import ASGIApp, Scope
    from samlocal.http_server.connection import WebSocketFactory
    from samlocal.http_server.response import PlainResponse

# What the kernel has of connections and requests reaches the app within these turns of the loop.
_TURNS: Final = 10
# A request whose body has not arrived holds up a stop for this time.
_BODY_SECONDS: Final = 1.0
# The part of the time of a stop in which the requests that did not finish get an answer.
_ANSWER_SHARE: Final = 0.1


def _service_unavailable(_scope: Scope) -> PlainResponse:
    return json_error(503, "Service Unavailable")


class HttpServer:
    """Within the `async with` block, an app serves the connections to the sockets, which it closes then.

    There is no lifespan, no access log and no handler of signals. All calls are in one event loop. `stopping` returns
    the answer to a request that does not finish before a stop, from its scope. With `tls`, connections are encrypted.
    With `websockets`, the app gets scopes of the type `websocket`; a stop closes them with code 1001.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        sockets: Sequence[socket.socket],
        stopping: Callable[[Scope], PlainResponse] = _service_unavailable,
        limits: Limits | None = None,
        tls: SSLContext | None = None,
        websockets: bool = False,
    ) -> None:
        self._sockets = sockets
        self._state = ServerState(app, limits or Limits(), stopping)
        self._tls = tls
        self._has_websockets = websockets
        self._acceptors: list[Acceptor] = []

    @property
    def running(self) -> int:
        """The number of requests without a whole answer."""
        return len(self._state.running)

    async def __aenter__(self) -> Self:
        open_websocket = _websockets() if self._has_websockets else None
        for each in self._sockets:
            acceptor = Acceptor(
                each,
                lambda: HttpConnection(self._state, open_websocket),
                tls=self._tls,
                handshake_seconds=self._state.limits.head_seconds,
            )
            self._acceptors.append(acceptor)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop(0)

    async def stop(self, seconds: float) -> None:
        """Accept no more connections, and wait up to so many seconds until running requests have finished.

        Those that have not finished then get the answer of `stopping`. All connections are closed.
        Idle connections, and requests that do not arrive in a second, do not hold this up.
        """
        await _take_turns()
        for acceptor in self._acceptors:
            acceptor.close()
        await _take_turns()
        self._state.is_stopping = True
        for connection in tuple(self._state.connections):
            connection.shutdown()
        answering = seconds * _ANSWER_SHARE
        if not await self._finish(min(_BODY_SECONDS, seconds - answering)):
            await self._give_up(only_half_sent=True)
            await self._finish(seconds - answering - _BODY_SECONDS)
        await self._give_up()
        await self._finish(answering)
        for acceptor in self._acceptors:
            acceptor.abort()
        self._acceptors.clear()
        for connection in tuple(self._state.connections):
            connection.abort()
        await _take_turns()

    async def _finish(self, seconds: float) -> bool:
        """Wait until all connections are closed, at most so many seconds; return whether they are."""
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await self._state.closed.wait()
        except TimeoutError:
            return False
        return True

    async def _give_up(self, *, only_half_sent: bool = False) -> None:
        for each in tuple(self._state.running):
            if not (only_half_sent and each.has_whole_body):
                each.give_up()
        await _take_turns()


def _websockets() -> WebSocketFactory:
    from samlocal.http_server.websocket import WebSocketCycle  # noqa: PLC0415  # few servers have them

    return WebSocketCycle


async def _take_turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
