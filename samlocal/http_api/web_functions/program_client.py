"""Sends a request to the program of a web function, and passes its response on as it comes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

import h11

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Iterable, Sequence

_READ_BYTES: Final = 64 * 1024


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

    def __init__(self, head: h11.Response, wire: _Wire) -> None:
        self.status = head.status_code
        self.headers = pass_headers(head.headers.raw_items())
        self._wire = wire

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body in the parts in which it comes.

        Raises:
            ProgramError: It breaks off.
        """
        while not isinstance(event := await self._wire.next_event(), h11.EndOfMessage):
            if not isinstance(event, h11.Data):
                raise ProgramError("it closed the connection before the end of its response")
            yield bytes(event.data)


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


def pass_headers(pairs: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """Return the headers of a response that are for the client."""
    decoded = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs)
    return tuple(pair for pair in decoded if pair[0].lower() not in HOP_BY_HOP)


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
        wire = _Wire(reader, writer)
        yield ProgramResponse(await wire.send(request), wire)
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


class _Wire:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._connection = h11.Connection(h11.CLIENT)

    async def send(self, request: ProgramRequest) -> h11.Response:
        """Send a request, and return the head of its response."""
        headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in request.headers]
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            headers.append((b"Content-Length", str(len(request.body)).encode()))
        try:
            head = h11.Request(method=request.method, target=request.target, headers=headers)
            data = self._connection.send(head) or b""
            if request.body:
                data += self._connection.send(h11.Data(data=request.body)) or b""
            data += self._connection.send(h11.EndOfMessage()) or b""
        except h11.LocalProtocolError as error:
            raise ProgramError(f"the request cannot be passed on: {error}") from error
        self._writer.write(data)
        event = await self.next_event()
        while isinstance(event, h11.InformationalResponse):
            event = await self.next_event()
        if not isinstance(event, h11.Response):
            raise ProgramError("it closed the connection without a response")
        return event

    async def next_event(self) -> h11.Event:
        try:
            while True:
                event = self._connection.next_event()
                if event is h11.NEED_DATA:
                    self._connection.receive_data(await self._reader.read(_READ_BYTES))
                elif isinstance(event, h11.Event):
                    return event
                else:  # nothing comes any more
                    raise ProgramError("it sent more than its response")
        except h11.RemoteProtocolError as error:
            if self._reader.at_eof():
                raise ProgramError(
                    "it closed the connection before the end of its response"
                ) from error
            raise ProgramError(f"its response is not HTTP: {error}") from error
        except OSError as error:
            raise ProgramError(f"the connection broke: {error}") from error
