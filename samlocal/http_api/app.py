"""The APIs of one port as an ASGI app: from a connection's request to the gateway that answers it."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Final, Protocol, cast
from urllib.parse import unquote

from samlocal.http_api.asgi_exchange import (
    AsgiExchange,
    BodyTooLargeError,
    DisconnectedError,
    IncompleteResponseError,
    host_of,
    path_of,
    read_request,
    refuse_websocket,
)
from samlocal.http_api.console.console import CONSOLE_PATH
from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.sites import Selected
from samlocal.http_server.host_check import HostCheck

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from samlocal.http_api.exchange import Gateway, HttpRequest, ResponseWriter
    from samlocal.http_api.sites import Site
    from samlocal.http_server.asgi import ASGIApp, Receive, Scope, Send

_log: Final = logging.getLogger("samlocal.endpoint")
_JSON: Final = (("Content-Type", "application/json"),)
_FAILED: Final = HttpResponse(
    status=500, headers=_JSON, body=b'{"message": "samlocal failed, its log has the reason"}'
)
_CONSOLE_BODY_TOO_LARGE: Final = HttpResponse(
    status=413, headers=_JSON, body=b'{"message": "the console takes no body of this size"}'
)
# Its requests have an id at most.
_CONSOLE_BODY_BYTES: Final = 64 * 1024
_CONNECTIONS: Final = "@connections"


class Answerer(Protocol):
    """Answers requests beside the APIs."""

    async def answer(self, request: HttpRequest, writer: ResponseWriter) -> HttpResponse | None:
        """Return the whole response; None if it was sent with the writer."""


class WebSockets(Protocol):
    """Takes the WebSocket connections of an API."""

    async def accept(
        self, request: HttpRequest, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve a connection to its end."""


def http_app(
    site: Callable[[], Awaitable[Site[Gateway]]],
    *,
    allowed_hosts: Collection[str],
    static: Answerer | None = None,
    console: Answerer | None = None,
) -> ASGIApp:
    """Return the app for the APIs of a site, which is asked for with each request.

    Requests that name a host other than this machine and `allowed_hosts` are refused: see `HostCheck`. Their origin is
    a matter of each API. `static` answers where no route does, and raises `FileNotFoundError` where it cannot either.
    """
    dispatcher = _Dispatcher(site, HostCheck(allowed_hosts), static, console)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await dispatcher.connect(scope, receive, send)
            return
        exchange = AsgiExchange(scope, receive, send)
        await _respond(scope, exchange, dispatcher.answer)

    return app


def app_with_connections(
    gateway_of: Callable[[str], Gateway | None], otherwise: ASGIApp
) -> ASGIApp:
    """Return an app for functions: requests to `@connections` go to a gateway, all others to another app.

    `gateway_of` returns the gateway for a path, percent-encoded; None means that there is none either. Clients are not
    asked for the host that they name, so it is for a Unix socket.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = path_of(scope)
        is_there = scope["type"] == "http" and _names_connections(path)
        gateway = gateway_of(path) if is_there else None
        if gateway is None:
            await otherwise(scope, receive, send)
            return
        selected = Selected(gateway, path, "", is_route=True)

        async def ask(scope: Scope, exchange: AsgiExchange) -> HttpResponse | None:
            return await _ask(selected, scope, exchange)

        await _respond(scope, AsgiExchange(scope, receive, send), ask)

    return app


def _names_connections(path: str) -> bool:
    """Return whether a segment of a path, percent-encoded, is that of the management endpoint of a WebSocket API."""
    return any(unquote(each) == _CONNECTIONS for each in path.split("/"))


async def _respond(
    scope: Scope,
    exchange: AsgiExchange,
    answer: Callable[[Scope, AsgiExchange], Awaitable[HttpResponse | None]],
) -> None:
    """Send what `answer` returns, if it has not sent it itself."""
    try:
        response = await answer(scope, exchange)
    except DisconnectedError:
        return
    except IncompleteResponseError:
        return  # the server sees that the response has no end
    except Exception:
        _log.exception("no answer to %s %s", scope["method"], scope["path"])
        if exchange.status is not None:
            raise
        response = _FAILED
    if response is not None:
        await exchange.respond(response)


class _Dispatcher:
    """Finds what answers a request of the port."""

    def __init__(
        self,
        site: Callable[[], Awaitable[Site[Gateway]]],
        check: HostCheck,
        static: Answerer | None,
        console: Answerer | None,
    ) -> None:
        self._site = site
        self._check = check
        self._static = static
        self._console = console

    async def answer(self, scope: Scope, exchange: AsgiExchange) -> HttpResponse | None:
        path, host = path_of(scope), host_of(scope)
        if refused := self._check.find_refused(host):
            return _forbidden(refused.message)
        if self._console and (path == CONSOLE_PATH or path.startswith(f"{CONSOLE_PATH}/")):
            try:
                body = await exchange.read_body(_CONSOLE_BODY_BYTES)
            except BodyTooLargeError:
                return _CONSOLE_BODY_TOO_LARGE
            request = read_request(scope, path=path, prefix="", body=body)
            return await self._console.answer(request, exchange)
        selected = (await self._site()).select(scope["method"], path, host)
        if self._static and not selected.is_route:
            request = read_request(scope, path=path, prefix="", body=b"")
            try:
                return await self._static.answer(request, exchange)
            except FileNotFoundError:
                pass
        return await _ask(selected, scope, exchange)

    async def connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, host = path_of(scope), host_of(scope)
        refused = self._check.find_refused(host)
        member = None if refused else (await self._site()).websocket(path, host)
        if member is None:
            message = refused.message if refused else "no API here takes WebSocket connections"
            await receive()  # says that the handshake has come
            await refuse_websocket(_forbidden(message), send)
            return
        request = read_request(scope, path=path, prefix="", body=b"")
        await cast("WebSockets", member).accept(request, scope, receive, send)


async def _ask(
    selected: Selected[Gateway], scope: Scope, exchange: AsgiExchange
) -> HttpResponse | None:
    gateway = selected.member
    try:
        body = await exchange.read_body(gateway.max_body_bytes)
    except BodyTooLargeError:
        request = read_request(scope, path=selected.path, prefix=selected.prefix, body=b"")
        return await gateway.refuse_body(request)
    request = read_request(scope, path=selected.path, prefix=selected.prefix, body=body)
    return await gateway.answer(request, exchange)


def _forbidden(message: str) -> HttpResponse:
    return HttpResponse(status=403, headers=_JSON, body=json.dumps({"message": message}).encode())
