"""Requests to other HTTP servers, for integrations that call one.

One connection each: a back end that is started anew, as local ones are, leaves no dead connections behind.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote, urlsplit

import h11

from samlocal.frozen_dataclass import frozen
from samlocal.http_api.header_values import decode_headers, encode_headers, sendable_headers
from samlocal.http_api.http_exchange import HttpExchange, ResponseError

if TYPE_CHECKING:
    from collections.abc import Sequence

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
MAX_RESPONSE_BYTES: Final = 10 * 1024 * 1024

_PORTS: Final = {"http": 80, "https": 443}
# What may stand in a path or a query as it is; the rest is encoded, also what is encoded wrongly.
_SAFE: Final = "/?:@!$&'()*+,;=-._~%[]"
_FRAMING: Final = frozenset({"host", "content-length", "transfer-encoding", "connection"})

BackEndErrorKind = Literal["address", "network", "too large"]


class BackEndError(Exception):
    """A server has not answered: its address is wrong, or the connection failed, or it answered too much."""

    def __init__(self, kind: BackEndErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@frozen
class BackEndResponse:
    """The response of a server, with the names of headers as it wrote them."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


async def send_request(
    method: str,
    url: str,
    *,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    timeout_ms: int,
) -> BackEndResponse:
    """Send a request, and return the response; headers of the framing are written here, those that cannot be sent left out.

    Raises:
        TimeoutError: There is no whole response in time.
        BackEndError: There is none.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise BackEndError("address", f"`{url}` is not a URL: {error}") from error
    if parts.scheme not in _PORTS or not host:
        raise BackEndError("address", f"`{url}` is not the address of an HTTP server")
    try:
        port = parts.port or _PORTS[parts.scheme]
        target = quote(parts.path or "/", safe=_SAFE)
        if parts.query:
            target += "?" + quote(parts.query, safe=_SAFE)
        sent = [("Host", parts.netloc.rpartition("@")[2])]
        sent += sendable_headers(pair for pair in headers if pair[0].lower() not in _FRAMING)
        sent += [("Content-Length", str(len(body)))] if body else []
        sent.append(("Connection", "close"))
        request = h11.Request(method=method, target=target, headers=encode_headers(sent))
    except (ValueError, h11.LocalProtocolError) as error:
        raise BackEndError("address", f"`{url}` cannot be requested: {error}") from error
    async with asyncio.timeout(timeout_ms / 1000):
        return await _exchange(request, body, host, port, is_secure=parts.scheme == "https")


async def _exchange(
    request: h11.Request, body: bytes, host: str, port: int, *, is_secure: bool
) -> BackEndResponse:
    try:
        context = _tls_context() if is_secure else None
        reader, writer = await asyncio.open_connection(host, port, ssl=context)
    except socket.gaierror as error:
        raise BackEndError(
            "address", f"the host `{host}` is not known: {error.strerror}"
        ) from error
    except OSError as error:
        raise BackEndError("network", f"no connection to {host}:{port}: {error}") from error
    except ValueError as error:  # of the codec for names of hosts, or of TLS
        raise BackEndError("address", f"`{host}` is not the name of a host: {error}") from error
    try:
        return await _converse(HttpExchange(reader, writer), request, body)
    except ResponseError as error:
        raise BackEndError("network", f"{host}:{port} failed: {error}") from error
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


async def _converse(exchange: HttpExchange, request: h11.Request, body: bytes) -> BackEndResponse:
    head = await exchange.send(request, body)
    content = bytearray()
    async for chunk in exchange.chunks():
        content += chunk
        if len(content) > MAX_RESPONSE_BYTES:
            raise BackEndError("too large", "the response is larger than 10 MiB")
    return BackEndResponse(
        status=head.status_code,
        headers=decode_headers(head.headers.raw_items()),
        body=bytes(content),
    )


@lru_cache(maxsize=1)
def _tls_context() -> ssl.SSLContext:
    """Return the context of all connections; the system's authorities take 20 ms to load."""
    return ssl.create_default_context()
