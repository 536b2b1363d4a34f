"""Runs an ASGI app on listening sockets in the running loop, and stops it without losing a request."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Final, Self

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from samlocal.http_server.response import json_error
from samlocal.http_server.running_request import RunningRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from samlocal.http_server.asgi import ASGIApp, Receive, Scope, Send
    from samlocal.http_server.response import PlainResponse

# Clients keep a connection for the next request.
_KEEP_ALIVE_SECONDS: Final = 75
_BACKLOG: Final = 2048
# What the kernel has of connections and requests reaches the app within these turns of the loop.
_TURNS: Final = 10
# A request whose body has not arrived holds up a stop for this time.
_BODY_SECONDS: Final = 1.0
# The part of the time of a stop in which the requests that did not finish get an answer.
_ANSWER_SHARE: Final = 0.1

_log = logging.getLogger("samlocal.endpoint")


def _service_unavailable(_scope: Scope) -> PlainResponse:
    return json_error(503, "Service Unavailable")


class HttpServer:
    """Within the `async with` block, an app serves the connections to the sockets, which it closes then.

    There is no lifespan, no access log and no handler of signals. All calls are in one event loop. `stopping` returns
    the answer to a request that does not finish before a stop, from its scope.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        sockets: Sequence[socket.socket],
        stopping: Callable[[Scope], PlainResponse] = _service_unavailable,
    ) -> None:
        self._app = app
        self._sockets = sockets
        self._stopping = stopping
        self._connections = _Connections()
        self._requests: set[RunningRequest] = set()
        self._servers: list[asyncio.Server] = []

    @property
    def running(self) -> int:
        """The number of requests without a whole answer."""
        return len(self._requests)

    async def __aenter__(self) -> Self:
        config = Config(
            self._serve,
            http=_Connection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level=logging.CRITICAL,  # malformed requests; errors of the app are logged here
            access_log=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        )
        config.load()
        loop = asyncio.get_running_loop()
        for each in self._sockets:
            server = await loop.create_server(
                lambda: _Connection(config, self._connections, {}), sock=each, backlog=_BACKLOG
            )
            self._servers.append(server)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop(0)

    async def stop(self, seconds: float) -> None:
        """Accept no more connections, and wait up to so many seconds until running requests have finished.

        Those that have not finished then get the answer of `stopping`. All connections are closed.
        Idle connections, and requests that do not arrive in a second, do not hold this up.
        """
        await _take_turns()
        for server in self._servers:
            server.close()
        self._servers.clear()
        await _take_turns()
        self._connections.close_idle()
        answering = seconds * _ANSWER_SHARE
        if not await self._finish(min(_BODY_SECONDS, seconds - answering)):
            await self._give_up(self._connections.half_sent(self._requests))
            await self._finish(seconds - answering - _BODY_SECONDS)
        await self._give_up(self._requests)
        await self._finish(answering)
        self._connections.abort()
        await _take_turns()

    async def _finish(self, seconds: float) -> bool:
        """Wait until all connections are closed, at most so many seconds; return whether they are."""
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await self._connections.closed.wait()
        except TimeoutError:
            return False
        return True

    async def _give_up(self, requests: Collection[RunningRequest]) -> None:
        for each in tuple(requests):
            each.give_up(self._stopping(each.scope))
        await _take_turns()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = RunningRequest(scope, send)
        self._requests.add(request)
        try:
            await self._app(scope, receive, request.send)
        except asyncio.CancelledError:
            await request.answer(self._stopping(scope))
            if not request.is_given_up:
                raise
        except Exception:
            _log.exception("no answer to %s %s", scope["method"], scope["path"])
            raise
        finally:
            self._requests.discard(request)


class _Connections(ServerState):
    """The open connections; `closed` is set while there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = asyncio.Event()
        self.closed.set()
        self._headers: tuple[int, list[tuple[bytes, bytes]]] = (0, [])

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """The header `Date`, of which uvicorn's own server takes care with a timer."""
        second = int(time.time())
        if second != self._headers[0]:
            self._headers = (second, [(b"date", formatdate(second, usegmt=True).encode())])
        return self._headers[1]

    @default_headers.setter
    def default_headers(self, _headers: list[tuple[bytes, bytes]]) -> None: ...

    def close_idle(self) -> None:
        """Close connections without a request now, and the others after the request."""
        for each in self._all():
            each.shutdown()

    def half_sent(self, requests: Iterable[RunningRequest]) -> list[RunningRequest]:
        """Return the requests whose body has not arrived."""
        cycles = [each.cycle for each in self._all()]  # None before the first request
        scopes = [each.scope for each in cycles if getattr(each, "more_body", False)]
        return [each for each in requests if any(each.scope is scope for scope in scopes)]

    def abort(self) -> None:
        for each in self._all():
            each.transport.abort()

    def _all(self) -> list[_Connection]:
        return [each for each in tuple(self.connections) if isinstance(each, _Connection)]


class _Connection(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        client = transport.get_extra_info("socket")
        if client.family != socket.AF_UNIX:
            # asyncio sets it if the socket names its protocol. Without it the body of an answer, which follows
            # its head, waits for the client's delayed acknowledgement: 40 ms.
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._note_number()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._note_number()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio's own way to keep a connection
        """Keep a connection whose client has sent its request and its end: it still gets the answer."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.more_body or cycle.response_complete:
            return False
        cycle.keep_alive = False
        return True

    def _note_number(self) -> None:
        state = self.server_state
        if isinstance(state, _Connections):
            if state.connections:
                state.closed.clear()
            else:
                state.closed.set()


async def _take_turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
