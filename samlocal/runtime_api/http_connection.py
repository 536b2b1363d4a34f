"""A client's connection to a sandbox's HTTP server: h11 reads and writes the protocol, asyncio moves the bytes.

Not an ASGI server, because a runtime that streams its response reports a midstream error in request
*trailers*, which ASGI does not support. This server also starts in a third of the time.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Final, cast

import h11

from samlocal.runtime_api.http_messages import Request, Response, TruncatedRequestError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    from samlocal.runtime_api.endpoint_connection import Endpoint
    from samlocal.runtime_api.http_messages import Handler

# Headers and trailers; an error in a trailer is a stack trace in base64.
_MAX_HEADER_BYTES: Final = 1024 * 1024

# The type of the record that TLS begins with: https://www.rfc-editor.org/rfc/rfc8446#section-5.1
_TLS_HANDSHAKE: Final = b"\x16"

_log = logging.getLogger(__name__)

_BAD_REQUEST: Final = Response(status=400, body=b"")
_INTERNAL_SERVER_ERROR: Final = Response(
    status=500,
    body=b'{"errorMessage": "Internal Server Error", "errorType": "InternalServerError"}\n',
    headers={"Content-Type": "application/json"},
)


class Connection(asyncio.Protocol):
    """One client; each request is answered before the next one is read, or carried to the endpoint."""

    def __init__(
        self,
        handler: Handler,
        accepts_peer: Callable[[str, int], Awaitable[bool]],
        connections: set[Connection],
        endpoint: Endpoint | None,
    ) -> None:
        self._handler = handler
        self._accepts_peer = accepts_peer
        self._connections = connections
        self._endpoint = endpoint
        # The start of a request, as long as the endpoint may get it.
        self._received = None if endpoint is None else b""
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEADER_BYTES)
        self._request: Request | None = None
        self._answering: asyncio.Task[None] | None = None
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._may_write = asyncio.Event()
        self._may_write.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        if self._received is not None:
            self._received += data
        self._http.receive_data(data)
        self._read_events()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._connections.discard(self)
        self._lost.set_result(None)
        self._may_write.set()
        if self._request and not self._request.is_whole:
            self._request.break_off()
        elif self._answering:
            self._answering.cancel()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    async def abort(self) -> None:
        self._transport.abort()
        await self._lost
        if self._answering:
            self._answering.cancel()
            await asyncio.wait([self._answering])

    def _read_events(self) -> None:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                self._refuse(error)
                return
            match event:
                case h11.Request():
                    if self._is_for_endpoint(event):
                        return
                    self._begin(event, self._handler)
                case h11.Data() if self._request:
                    self._request.feed(event.data)
                case h11.EndOfMessage() if self._request:
                    self._request.end(tuple(event.headers))
                case _:  # NEED_DATA, PAUSED until the response is sent, or the connection closes
                    return

    def _is_for_endpoint(self, event: h11.Request) -> bool:
        """Tell whether a request is for the endpoint, and begin to carry it there."""
        endpoint, received = self._endpoint, self._received
        if endpoint is None or received is None:
            return False
        self._received = None
        if not endpoint.has_path(event.target.decode("latin-1")):
            return False
        self._request = None
        self._transport.pause_reading()
        carrying = self._carry(event, endpoint, received)
        self._answering = asyncio.get_running_loop().create_task(carrying)
        return True

    async def _carry(self, event: h11.Request, endpoint: Endpoint, received: bytes) -> None:
        if not await self._is_accepted():
            return
        try:
            await endpoint.carry(self._transport, received, lost=self.connection_lost)
        except OSError as error:
            _log.debug("the endpoint at %s cannot be reached: %s", endpoint.socket, error)
            self._transport.resume_reading()
            self._begin(event, endpoint.refuse)
            self._read_events()

    def _begin(self, event: h11.Request, handler: Handler) -> None:
        self._request = Request(
            method=event.method.decode("ascii"),
            path=event.target.decode("latin-1"),
            headers=tuple(event.headers),
            transport=self._transport,
        )
        answering = self._answer(self._request, handler)
        self._answering = asyncio.get_running_loop().create_task(answering)

    async def _is_accepted(self) -> bool:
        """Return whether the client may ask; abort the connection if not."""
        host, port = self._transport.get_extra_info("peername")[:2]
        if await self._accepts_peer(host, port):
            return True
        self._transport.abort()
        return False

    async def _answer(self, request: Request, handler: Handler) -> None:
        if not await self._is_accepted():
            return
        if self._http.they_are_waiting_for_100_continue:
            self._write(h11.InformationalResponse(status_code=100, headers=[]))
        response = await self._respond(request, handler)
        await _discard_rest(request)
        if isinstance(response.body, bytes):
            self._send(response, response.body)
        else:
            await self._stream(response, response.body)
        if self._http.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
            if self._endpoint:
                self._received = self._http.trailing_data[0]
            self._http.start_next_cycle()
            self._read_events()
        else:
            self._transport.close()

    async def _respond(self, request: Request, handler: Handler) -> Response:
        # A handler that waits would wait for a client that is gone, and take what its next request is for.
        if request.method == "GET" and not await _discard_rest(request):
            return _BAD_REQUEST
        try:
            return await handler(request)
        except Exception:  # noqa: BLE001  # a defect of samlocal: the client must not wait forever
            _log.exception("%s %s failed", request.method, request.path)
            return _INTERNAL_SERVER_ERROR

    def _send(self, response: Response, body: bytes) -> None:
        head = _head(response, {"Content-Length": str(len(body))})
        data = b"" if self._is_head_request else body
        self._write(head, h11.Data(data=data), h11.EndOfMessage())

    async def _stream(self, response: Response, body: AsyncGenerator[bytes, None]) -> None:
        """Send a body in chunks; abort the connection on failure, so that the client detects it."""
        try:
            async with aclosing(body):
                self._write(_head(response, {}))
                if not self._is_head_request:
                    await self._send_chunks(body)
            is_chunked = self._http.their_http_version != b"1.0" and not self._is_head_request
            trailers = _encoded(response.trailers()) if is_chunked else []
            self._write(h11.EndOfMessage(headers=trailers))
        except Exception:  # noqa: BLE001  # the head is sent: no other response is possible
            _log.exception("the body of a response failed")
            self._transport.abort()

    async def _send_chunks(self, body: AsyncGenerator[bytes, None]) -> None:
        async for chunk in body:
            self._write(h11.Data(data=chunk))
            await self._may_write.wait()
            if self._lost.done():
                return

    @property
    def _is_head_request(self) -> bool:
        return self._request is not None and self._request.method == "HEAD"

    def _write(self, *events: h11.Event) -> None:
        self._transport.write(b"".join(self._http.send(event) or b"" for event in events))

    def _refuse(self, error: h11.RemoteProtocolError) -> None:
        if self._request and not self._request.is_whole:
            self._request.break_off()
            return
        endpoint, received = self._endpoint, self._received
        if endpoint and received and received.startswith(_TLS_HANDSHAKE):
            self._received = None
            self._transport.pause_reading()
            carrying = self._carry_encrypted(endpoint, received, error)
            self._answering = asyncio.get_running_loop().create_task(carrying)
        else:
            self._close(error)

    async def _carry_encrypted(
        self, endpoint: Endpoint, received: bytes, error: h11.RemoteProtocolError
    ) -> None:
        if not await self._is_accepted():
            return
        try:
            await endpoint.carry_encrypted(self._transport, received, lost=self.connection_lost)
        except OSError:
            endpoint.note_encryption()
            # Many clients say then that this was plain HTTP.
            self._close(error)

    def _close(self, error: h11.RemoteProtocolError) -> None:
        if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self._send(Response(status=error.error_status_hint, body=b""), b"")
        self._transport.close()


async def _discard_rest(request: Request) -> bool:
    """Read the rest of the body, so that the client gets the response and not a reset.

    Return whether it has come.
    """
    with suppress(TruncatedRequestError):
        async for _ in request.stream():
            pass
        return True
    return False


def _head(response: Response, framing: Mapping[str, str]) -> h11.Response:
    return h11.Response(
        status_code=response.status, headers=_encoded({**response.headers, **framing})
    )


def _encoded(fields: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in fields.items()]
