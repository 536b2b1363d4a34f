"""Sends a request to the program of a web function, and passes its response on as it comes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

import h11

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

_READ_BYTES: Final = 64 * 1024


class ProgramError(Exception):
    """The program did not answer, or broke off; `is_reachable` is false if nothing listens at its address."""

    def __init__(self, message: str, *, is_reachable: bool = True) -> None:
        super().__init__(message)
        self.is_reachable = is_reachable


@frozen
class ProgramAddress:
    """Where the program of a web function listens, as this machine reaches it."""

    host: str
    port: int


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
        pairs = (
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in head.headers.raw_items()
        )
        self.headers = tuple(pair for pair in pairs if pair[0].lower() not in _HOP_BY_HOP)
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
_HOP_BY_HOP: Final = frozenset(
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


@asynccontextmanager
async def open_response(
    address: ProgramAddress, request: ProgramRequest
) -> AsyncIterator[ProgramResponse]:
    """Send a request over a connection of its own, and yield the response when it begins.

    The whole body is sent first, as the service does. Whoever leaves the block ends the connection.

    Raises:
        ProgramError: There is no response.
    """
    try:
        reader, writer = await asyncio.open_connection(address.host, address.port)
    except OSError as error:
        raise ProgramError(
            f"nothing listens at {address.host}:{address.port}: {error}", is_reachable=False
        ) from error
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
        except (OSError, h11.RemoteProtocolError) as error:
            raise ProgramError(f"the connection broke: {error}") from error
