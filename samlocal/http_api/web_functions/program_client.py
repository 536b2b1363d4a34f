"""Sends a request to the program of a web function, and passes its response on as it comes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

import h11

from samlocal.frozen_dataclass import frozen
from samlocal.http_api.header_values import decode_headers, encode_headers, sendable_headers
from samlocal.http_api.http_exchange import HttpExchange, ResponseError

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Iterable, Sequence

# https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1; the server in front writes its own.
HOP_BY_HOP: Final = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
_HAS_LENGTH: Final = frozenset(("POST", "PUT", "PATCH"))


class ProgramError(Exception):
    """The program did not answer, or broke off."""


@frozen
class ProgramRequest:
    """A request for a program: `target` is the path with the query, and `headers` have no framing."""

    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes


class ProgramResponse:
    """A response that has begun; the names of `headers` are as the program wrote them, without its framing."""

    def __init__(self, head: h11.Response, exchange: HttpExchange) -> None:
        self.status = head.status_code
        self.headers = pass_headers(head.headers.raw_items())
        self._exchange = exchange

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body in the parts in which it comes.

        Raises:
            ProgramError: It breaks off.
        """
        try:
            async for chunk in self._exchange.chunks():
                yield chunk
        except ResponseError as error:
            raise ProgramError(str(error)) from error


def pass_headers(pairs: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """Return the headers of a response that are for the client."""
    return tuple(pair for pair in decode_headers(pairs) if pair[0].lower() not in HOP_BY_HOP)


@asynccontextmanager
async def open_response(
    connection: socket.socket, request: ProgramRequest
) -> AsyncIterator[ProgramResponse]:
    """Send a request over a connection to the program, and yield the response when it begins.

    The whole body is sent first, as the service does. Whoever leaves the block ends the connection.

    Raises:
        ProgramError: There is no response.
    """
    reader, writer = await asyncio.open_connection(sock=connection)
    try:
        exchange = HttpExchange(reader, writer)
        yield ProgramResponse(await _send(exchange, request), exchange)
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


async def _send(exchange: HttpExchange, request: ProgramRequest) -> h11.Response:
    headers = encode_headers(sendable_headers(request.headers))
    if request.body or request.method in _HAS_LENGTH:
        headers.append((b"Content-Length", str(len(request.body)).encode()))
    try:
        head = h11.Request(method=request.method, target=request.target, headers=headers)
        return await exchange.send(head, request.body)
    except h11.LocalProtocolError as error:
        raise ProgramError(f"the request cannot be passed on: {error}") from error
    except ResponseError as error:
        raise ProgramError(str(error)) from error
