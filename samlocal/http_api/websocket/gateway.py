"""A WebSocket API: lets clients in, runs routes for what they send, and answers its management endpoint."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.http_api.asgi_exchange import refuse_websocket
from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.throttling import Throttle
from samlocal.http_api.websocket.connection import (
    ABNORMAL,
    BINARY,
    GOING_AWAY,
    NO_STATUS,
    TOO_LARGE,
    Closing,
    Connection,
    ConnectionGoneError,
)
from samlocal.http_api.websocket.error_frames import (
    forbidden_frame,
    internal_error_frame,
    throttled_frame,
)
from samlocal.http_api.websocket.events import EventRequest, disconnect_event, message_event
from samlocal.http_api.websocket.handshake import Admitted, HandshakeCheck
from samlocal.http_api.websocket.identifiers import new_identifier
from samlocal.http_api.websocket.integration_results import RouteFailure
from samlocal.http_api.websocket.integrations import Integrations
from samlocal.http_api.websocket.limits import Limits
from samlocal.http_api.websocket.management import ConnectionsEndpoint
from samlocal.http_api.websocket.refusals import (
    error_response,
    missing_token,
    payload_too_large,
)
from samlocal.http_api.websocket.route_selection import DISCONNECT, RouteTable
from samlocal.http_server.websocket_scope import largest_frame, last_ping
from samlocal.project.apis import ANY_METHOD
from samlocal.trace_header import new_trace_header

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from samlocal.http_api.authorization import Authorizers
    from samlocal.http_api.exchange import HttpRequest, ResponseWriter
    from samlocal.http_api.functions import Functions
    from samlocal.http_server.asgi import Message, Receive, Scope, Send
    from samlocal.project.apis import Api

_DEFAULT_LIMITS: Final = Limits()
_log: Final = logging.getLogger("samlocal.endpoint")


class WebSocketGateway:
    """Serves one WebSocket API to clients, and its `@connections` to functions.

    `api_keys` are the values of API keys by their ids or names. `clock` gives Unix time in seconds. `report` gets what
    is wrong with routes and with the results of functions.
    All calls are in one event loop. Whoever stops the server calls `close` before functions stop.
    """

    def __init__(
        self,
        api: Api,
        functions: Functions,
        authorizers: Authorizers,
        *,
        report: Callable[[Diagnostic], None],
        api_keys: Mapping[str, str] = MappingProxyType({}),
        limits: Limits = _DEFAULT_LIMITS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._api = api
        self._paths = frozenset({"", api.stage, *api.base_paths})
        self._report = report
        self._limits = limits
        self._clock = clock
        self._routes = RouteTable(api)
        self._throttles = {each.path: Throttle(each) for each in api.routes if each.limits}
        self._integrations = Integrations(functions, report)
        self._handshakes = HandshakeCheck(
            api, functions, authorizers, self._integrations, api_keys, report
        )
        self._connections: dict[str, Connection] = {}
        self._endpoint = ConnectionsEndpoint(api.stage, self._connections, limits)
        self._tasks: set[asyncio.Task[None]] = set()
        self._clients = 0
        self._last_left = asyncio.Event()
        self._is_closing = False
        for variable in self._routes.selection.unknown:
            report(_unknown_variable(api, variable))

    def succeed(self, previous: WebSocketGateway) -> None:
        """Answer for the clients of the gateway that the API had before it changed; they stay with that one's routes."""
        self._connections = previous._connections
        self._endpoint = ConnectionsEndpoint(self._api.stage, self._connections, self._limits)

    @property
    def connections(self) -> ConnectionsEndpoint:
        """What answers requests to `@connections`."""
        return self._endpoint

    @property
    def max_body_bytes(self) -> int:
        """The size of the largest message to a client."""
        return self._limits.message_bytes

    async def refuse_body(self, request: HttpRequest) -> HttpResponse:
        """Return the answer to a larger message to a client."""
        return payload_too_large(request.request_id)

    async def answer(
        self,
        request: HttpRequest,
        writer: ResponseWriter,  # noqa: ARG002  # as in `Gateway`
    ) -> HttpResponse:
        """Answer a request to `@connections`; any other is refused."""
        return await self._endpoint.answer(request)

    async def accept(
        self, request: HttpRequest, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve a client from its handshake, of which `request` is the data, until it has left.

        `scope` is an ASGI `websocket` scope of a server that can refuse with a response. `$disconnect` may go on after
        that.
        """
        self._clients += 1
        try:
            await receive()  # says that the handshake has come
            admitted = await self._check(request)
            if isinstance(admitted, HttpResponse):
                with suppress(OSError):  # the client has left
                    await refuse_websocket(admitted, send)
            else:
                connection = Connection(admitted.facts, request, send, self._limits, self._clock)
                await self._serve(connection, admitted.subprotocol, scope, receive)
        finally:
            self._clients -= 1
            if not self._clients:
                self._last_left.set()

    async def close(self) -> None:
        """Refuse further clients, close all connections with code 1001, and wait for their routes, `$disconnect` among them."""
        self._is_closing = True
        for connection in tuple(self._connections.values()):
            connection.close(GOING_AWAY)
        while self._clients:
            self._last_left.clear()
            await self._last_left.wait()
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _check(self, request: HttpRequest) -> Admitted | HttpResponse:
        if request.path.strip("/") not in self._paths:
            return missing_token(request.request_id)
        if self._is_closing:
            content = {"message": "Service Unavailable"}
            return error_response(503, "ServiceUnavailableException", content, request.request_id)
        connect = self._routes.connect
        if connect is not None and connect.limits:
            refused = self._throttles[connect.path].take(ANY_METHOD, self._clock())
            if refused is not None:
                return self._handshakes.refuse(refused, connect, request)
        return await self._handshakes.check(request, connect, self._clock)

    async def _serve(
        self, connection: Connection, subprotocol: str | None, scope: Scope, receive: Receive
    ) -> None:
        """Let the client in, run routes until one side closes, and then `$disconnect`."""
        connection_id = connection.facts.connection_id
        closing = ABNORMAL
        try:
            await connection.send_accept(self._offered(subprotocol, scope))
            self._connections[connection_id] = connection
            if self._is_closing:
                connection.close(GOING_AWAY)
            closing = await self._converse(connection, scope, receive)
            if closing.is_ours:
                await connection.send_close(closing)
        except ConnectionGoneError:
            pass
        finally:
            connection.close(closing)
            self._connections.pop(connection_id, None)
            self._start(self._disconnect(connection, closing))

    def _offered(self, subprotocol: str | None, scope: Scope) -> str | None:
        """Return the subprotocol, if the client has offered it: it would not accept another."""
        if subprotocol is None or subprotocol in scope["subprotocols"]:
            return subprotocol
        self._report(
            Diagnostic(
                message=f"the result of `$connect` has the subprotocol `{subprotocol}`,"
                " which the client does not offer",
                hint=f"it offers {', '.join(f'`{each}`' for each in scope['subprotocols']) or 'none'}",
            )
        )
        return None

    async def _converse(self, connection: Connection, scope: Scope, receive: Receive) -> Closing:
        """Read what the client sends, until one side closes the connection or its time is over."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._limits.longest_seconds
        reader = asyncio.create_task(self._read(connection, receive))
        try:
            while True:
                active = max(connection.last_active, last_ping(scope))
                remaining = min(active + self._limits.idle_seconds, end) - loop.time()
                if remaining <= 0:
                    return GOING_AWAY
                await asyncio.wait(
                    {reader, connection.closing},
                    timeout=remaining,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if connection.closing.done():
                    return connection.closing.result()
                if reader.done():
                    return reader.result()
        finally:
            reader.cancel()

    async def _read(self, connection: Connection, receive: Receive) -> Closing:
        """Start a route for each message, several at a time: as on AWS, their order is not kept."""
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return _client_closing(message)
            connection.note_activity()
            text = message.get("text")
            if text is None:
                return BINARY
            if (
                _is_larger(text, self._limits.message_bytes)
                or largest_frame(message) > self._limits.frame_bytes
            ):
                return TOO_LARGE
            await connection.slots.acquire()
            self._start(self._handle(connection, text))

    async def _handle(self, connection: Connection, text: str) -> None:
        try:
            answer = await self._answer_message(connection, text)
            if answer:
                await connection.send_text(answer)
        except ConnectionGoneError:
            pass
        finally:
            connection.slots.release()

    async def _answer_message(self, connection: Connection, text: str) -> str:
        """Return what the client gets for a message; empty if its route does not answer."""
        request_id = new_identifier()
        connection_id = connection.facts.connection_id
        route = self._routes.find(text)
        if route is None:
            return forbidden_frame(connection_id, request_id)
        if route.limits and (
            refused := self._throttles[route.path].take(ANY_METHOD, self._clock())
        ):
            message = f"route `{route.path}`: {refused.reason}"
            self._report(Diagnostic(message=message, place=refused.place))
            return throttled_frame(connection_id, request_id)
        request = self._new_request(route.path, request_id)
        event = message_event(connection.facts, request, new_identifier(), text)
        result = await self._integrations.run(route, event, _new_trace(connection))
        if isinstance(result, RouteFailure):
            return internal_error_frame(connection_id, request_id)
        return result.body if route.answers else ""

    async def _disconnect(self, connection: Connection, closing: Closing) -> None:
        route = self._routes.disconnect
        if route is not None:
            request = self._new_request(DISCONNECT, new_identifier())
            event = disconnect_event(connection.facts, request, closing.code, closing.reason)
            await self._integrations.run(route, event, _new_trace(connection), is_result_used=False)

    def _new_request(self, route_key: str, request_id: str) -> EventRequest:
        return EventRequest(
            route_key=route_key, request_id=request_id, time_ms=int(self._clock() * 1000)
        )

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a route of `%s` failed", self._api.full_path, exc_info=error)


def _new_trace(connection: Connection) -> HttpRequest:
    """Return the handshake with a trace of its own for one event."""
    return replace(connection.handshake, trace_header=new_trace_header())


def _client_closing(message: Message) -> Closing:
    """Return how the client has closed, or that its connection broke."""
    code = message["code"]
    if code == NO_STATUS.code:
        return NO_STATUS
    return Closing(code=code, reason=message.get("reason") or "", is_ours=False)


def _is_larger(text: str, most_bytes: int) -> bool:
    if len(text) * 4 <= most_bytes:  # no character has more than 4 bytes
        return False
    return len(text.encode()) > most_bytes


def _unknown_variable(api: Api, variable: str) -> Diagnostic:
    return Diagnostic(
        message=f"the route selection expression of `{api.full_path}` has `{variable}`,"
        " which no message has a value for",
        place=api.place,
        hint="use `$request.body.NAME`",
    )
