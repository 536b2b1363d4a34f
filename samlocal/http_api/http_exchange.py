"""A request to an HTTP server and its response: h11 reads and writes the protocol, asyncio's streams move the bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import h11

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator

_READ_BYTES: Final = 64 * 1024


class ResponseError(Exception):
    """There is no response, or no more of it; the message says why."""


class HttpExchange:
    """One request, and the response to it, over a connection that has been made for both."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._connection = h11.Connection(h11.CLIENT)

    async def send(self, request: h11.Request, body: bytes) -> h11.Response:
        """Send a request whole, and return the head of the response; interim responses are passed over.

        Raises:
            ResponseError: There is none.
        """
        events = (request, *([h11.Data(data=body)] if body else []), h11.EndOfMessage())
        self._writer.write(b"".join(self._connection.send(event) or b"" for event in events))
        while isinstance(event := await self._next_event(), h11.InformationalResponse):
            pass
        if not isinstance(event, h11.Response):
            raise ResponseError("it closed the connection without a response")
        return event

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body of the response in the parts in which it comes.

        Raises:
            ResponseError: It breaks off.
        """
        while not isinstance(event := await self._next_event(), h11.EndOfMessage):
            if not isinstance(event, h11.Data):
                raise ResponseError("it closed the connection before the end of its response")
            yield bytes(event.data)

    async def _next_event(self) -> h11.Event:
        try:
            while True:
                event = self._connection.next_event()
                if event is h11.NEED_DATA:
                    self._connection.receive_data(await self._reader.read(_READ_BYTES))
                elif isinstance(event, h11.Event):
                    return event
                else:  # nothing comes any more
                    raise ResponseError("it sent more than its response")
        except h11.RemoteProtocolError as error:
            if self._reader.at_eof():
                raise ResponseError(
                    "it closed the connection before the end of its response"
                ) from error
            raise ResponseError(f"its response is not HTTP: {error}") from error
        except OSError as error:
            raise ResponseError(f"the connection broke: {error}") from error
