"""A request of a client as ASGI hands it over, and the way its response goes back."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING, Final

from samlocal.http_api.exchange import HttpRequest, HttpResponse
from samlocal.http_api.header_values import decode_headers, encode_headers, sendable_headers
from samlocal.http_server.asgi import HEADERS, REASON
from samlocal.trace_header import format_trace_header, usable_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.http_server.asgi import Message, Receive, Scope, Send

# Statuses whose responses have no body: https://www.rfc-editor.org/rfc/rfc9110#section-6.4.1
_BODILESS: Final = frozenset({204, 304})
_LEAST_STATUS_WITH_BODY: Final = 200
_DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class DisconnectedError(Exception):
    """The client hung up before it had sent its request."""


class BodyTooLargeError(Exception):
    """The body is larger than its reader takes; the rest of it is not read."""


class IncompleteResponseError(Exception):
    """A response has begun, and cannot be completed: the server closes its connection."""


class AsgiExchange:
    """One HTTP request and its response; implements `ResponseWriter`."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._is_head = scope.get("method") == "HEAD"
        self._has_body = not self._is_head
        self._is_whole = False
        self.status: int | None = None
        """That of the response; None before it begins."""

    async def read_body(self, max_bytes: int) -> bytes:
        """Return the body.

        Raises:
            BodyTooLargeError: It is larger. What the client says about its size suffices.
            DisconnectedError: The client hung up before the end.
        """
        for name, value in self._scope["headers"]:
            if name == b"content-length" and int(value) > max_bytes:
                raise BodyTooLargeError
        body = bytearray()
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise DisconnectedError
            body += message.get("body", b"")
            if len(body) > max_bytes:
                raise BodyTooLargeError
            if not message.get("more_body", False):
                return bytes(body)

    async def respond(self, response: HttpResponse) -> None:
        """Send a whole response."""
        headers = list(response.headers)
        has_body = response.status >= _LEAST_STATUS_WITH_BODY and response.status not in _BODILESS
        if has_body:
            headers = [each for each in headers if each[0].lower() != "content-length"]
            headers.append(("Content-Length", str(len(response.body))))
        await self._start(response.status, headers, response.reason)
        body = response.body if has_body and not self._is_head else b""
        self._is_whole = True
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        await self._start(status, headers, None)

    async def _start(
        self, status: int, headers: Sequence[tuple[str, str]], reason: str | None
    ) -> None:
        self.status = status
        self._has_body = not self._is_head and status not in _BODILESS
        message: Message = {
            "type": "http.response.start",
            "status": status,
            "headers": _encoded(headers),
        }
        if reason is not None and REASON in self._scope.get("extensions", {}):
            message["reason"] = reason.encode("latin-1", "replace")
        await self._send(message)

    async def write(self, chunk: bytes) -> None:
        if self._has_body:
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def end(self) -> None:
        self._is_whole = True
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def break_off(self) -> None:
        raise IncompleteResponseError  # an app that ends before its response: see `http_server.asgi`

    async def wait_hang_up(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass  # what is left of the body
        if self._is_whole:
            await asyncio.Future()


async def refuse_websocket(response: HttpResponse, send: Send) -> None:
    """Refuse a WebSocket with a response, before it is accepted.

    https://asgi.readthedocs.io/en/latest/extensions.html#websocket-denial-response
    """
    headers = [*response.headers, ("Content-Length", str(len(response.body)))]
    await send(
        {
            "type": "websocket.http.response.start",
            "status": response.status,
            "headers": _encoded(headers),
        }
    )
    await send({"type": "websocket.http.response.body", "body": response.body})


def path_of(scope: Scope) -> str:
    """Return the path as the client sent it: percent-encoded, without the query."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("latin-1").partition("?")[0] or "/"


def host_of(scope: Scope) -> str:
    """Return the value of the header `Host`; for a request of HTTP/1.0 without it, the server's host and port."""
    for name, value in scope["headers"]:
        if name == b"host":
            text: str = value.decode("latin-1")
            return text
    host, port = scope.get("server") or ("localhost", 80)
    return f"{host}:{port}"


def read_request(scope: Scope, *, path: str, prefix: str, body: bytes) -> HttpRequest:
    """Return the request of a scope with its body; `prefix` leads its path, and is not part of `path`."""
    extensions = scope.get("extensions") or {}
    headers = decode_headers(extensions.get(HEADERS) or scope["headers"])
    scheme = scope.get("scheme") or "http"
    client, server = scope.get("client"), scope.get("server")
    trace = next((value for name, value in headers if name.lower() == "x-amzn-trace-id"), None)
    return HttpRequest(
        method=scope.get("method", "GET"),
        path=path,
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        source_ip=str(client[0]) if client else "127.0.0.1",
        host=host_of(scope),
        port=(server[1] if server else None) or _DEFAULT_PORTS.get(scheme, 80),
        scheme=scheme,
        received=time.time(),
        request_id=str(uuid.uuid4()),
        trace_header=format_trace_header(usable_fields(trace)),
        prefix=prefix,
        protocol=f"HTTP/{scope.get('http_version', '1.1')}",
    )


def _encoded(headers: Sequence[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Return headers as bytes, without those that cannot be sent, such as ones of a program that HTTP does not allow."""
    return encode_headers(sendable_headers(headers))
