"""Connects a client's WebSocket with one of a web function's program: https://www.rfc-editor.org/rfc/rfc6455.

Each of the two has frames of its own; messages and the codes that close a WebSocket are passed on. Compression is
not offered to the program.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Message,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.utilities import ProtocolError

from samlocal.http_api.asgi_exchange import refuse_websocket
from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.header_values import encode_headers, sendable_headers
from samlocal.http_api.web_functions.program_client import ProgramError, pass_headers

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from wsproto.events import Event

    from samlocal.http_api.web_functions.program_client import ProgramRequest
    from samlocal.http_server.asgi import Message as ScopeMessage
    from samlocal.http_server.asgi import Receive, Send

_READ_BYTES: Final = 64 * 1024
_HANDSHAKE_SECONDS: Final = 30.0
_NORMAL: Final = 1000
_GOING_AWAY: Final = 1001
# Codes that tell of a WebSocket without one, and that no frame may have.
_NOT_SENT: Final = (1005, 1006, 1015)
_OF_THE_HANDSHAKE: Final = "sec-websocket-"


async def relay_websocket(
    connection: socket.socket,
    request: ProgramRequest,
    subprotocols: Sequence[str],
    receive: Receive,
    send: Send,
) -> None:
    """Ask a program for a WebSocket over a connection, and pass messages on until either side closes it.

    If the program answers with a response instead, the client gets that.

    Raises:
        ProgramError: The program answers neither way.
    """
    reader, writer = await asyncio.open_connection(sock=connection)
    try:
        program = _ProgramSide(reader, writer)
        async with asyncio.timeout(_HANDSHAKE_SECONDS):
            answer = await program.ask(request, subprotocols)
        with suppress(OSError):  # the client is gone
            if isinstance(answer, HttpResponse):
                await refuse_websocket(answer, send)
                return
            headers = [pair for pair in answer.extra_headers if pair[0] != b"date"]
            await send(
                {
                    "type": "websocket.accept",
                    "subprotocol": answer.subprotocol,
                    "headers": headers,
                }
            )
            await _pass_on(program, receive, send)
    except TimeoutError as error:
        raise ProgramError(f"no answer within {_HANDSHAKE_SECONDS:.0f} seconds") from error
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


async def _pass_on(program: _ProgramSide, receive: Receive, send: Send) -> None:
    directions = [
        asyncio.create_task(program.take_from(receive)),
        asyncio.create_task(program.give_to(send)),
    ]
    try:
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in directions:
            each.cancel()
        ended = await asyncio.gather(*directions, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception) and not isinstance(error, OSError):
            raise error


class _ProgramSide:
    """The client's side of a WebSocket to a program."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = WSConnection(ConnectionType.CLIENT)
        self._parts: list[str | bytes] = []

    async def ask(
        self, request: ProgramRequest, subprotocols: Sequence[str]
    ) -> AcceptConnection | HttpResponse:
        """Send the request, and return how the program accepts it, or its other response."""
        passed = (
            (name, value)
            for name, value in request.headers
            if name.lower() != "host" and not name.lower().startswith(_OF_THE_HANDSHAKE)
        )
        hosts = [value for name, value in request.headers if name.lower() == "host"]
        asked = Request(
            host=hosts[-1] if hosts else "localhost",
            target=request.target,
            subprotocols=list(subprotocols),
            extra_headers=encode_headers(sendable_headers(passed)),
        )
        try:
            self._writer.write(self._frames.send(asked))
            return await self._answer()
        except ProtocolError as error:
            raise ProgramError(
                f"its answer to a request for a WebSocket is wrong: {error}"
            ) from error
        except OSError as error:
            raise ProgramError(f"the connection broke: {error}") from error

    async def _answer(self) -> AcceptConnection | HttpResponse:
        refused: RejectConnection | None = None
        body = bytearray()
        while data := await self._reader.read(_READ_BYTES):
            self._frames.receive_data(data)
            for event in self._frames.events():
                if isinstance(event, AcceptConnection):
                    return event
                if isinstance(event, RejectConnection):
                    refused = event
                elif isinstance(event, RejectData):
                    body += event.data
                    if event.body_finished and refused:
                        return _response(refused, bytes(body))
        if refused:
            return _response(refused, bytes(body))
        raise ProgramError("it closed the connection without a response")

    async def take_from(self, receive: Receive) -> None:
        """Send the client's messages to the program, and at last how the client closed its WebSocket."""
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                code = message.get("code", _NORMAL)
                closing = CloseConnection(code=_NORMAL if code in _NOT_SENT else code)
                await self._send(closing)
                return
            text = message.get("text")
            content = message["bytes"] if text is None else text
            await self._send(Message(data=content))

    async def _send(self, event: Event) -> None:
        with suppress(ProtocolError):  # the program is closing its WebSocket at this moment
            self._writer.write(self._frames.send(event))
        await self._writer.drain()

    async def give_to(self, send: Send) -> None:
        """Send the program's messages to the client, and at last how the program closed its WebSocket."""
        while True:
            for event in self._frames.events():
                if isinstance(event, CloseConnection):
                    await self._send(event.response())
                    code = _NORMAL if event.code in _NOT_SENT else int(event.code)
                    reason = event.reason or ""
                    await send({"type": "websocket.close", "code": code, "reason": reason})
                    return
                await self._take(event, send)
            data = await self._reader.read(_READ_BYTES)
            if not data:  # the program has ended
                await send({"type": "websocket.close", "code": _GOING_AWAY, "reason": ""})
                return
            self._frames.receive_data(data)

    async def _take(self, event: Event, send: Send) -> None:
        if isinstance(event, Ping):
            await self._send(event.response())
        elif isinstance(event, TextMessage | BytesMessage):
            self._parts.append(event.data if isinstance(event, TextMessage) else bytes(event.data))
            if not event.message_finished:
                return
            message: ScopeMessage = {"type": "websocket.send"}
            if isinstance(event, TextMessage):
                message["text"] = "".join(self._parts)  # type: ignore[arg-type]  # all parts are of one kind
            else:
                message["bytes"] = b"".join(self._parts)  # type: ignore[arg-type]  # as above
            self._parts.clear()
            await send(message)


def _response(refused: RejectConnection, body: bytes) -> HttpResponse:
    # Whoever sends it counts the body.
    headers = [pair for pair in refused.headers if pair[0] != b"content-length"]
    return HttpResponse(status=refused.status_code, headers=pass_headers(headers), body=body)
