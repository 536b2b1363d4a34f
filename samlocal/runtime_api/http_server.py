"""An HTTP/1.1 server for one sandbox: h11 reads and writes the protocol, asyncio moves the bytes.

Not an ASGI server, because a runtime that streams its response reports a midstream error in request
*trailers*, which ASGI does not support. This server also starts in a third of the time.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from dataclasses import field
from typing import TYPE_CHECKING, Final, Protocol, Self, cast

import h11

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping

# A reader with this much unread pauses the sender.
_MAX_UNREAD_BYTES: Final = 256 * 1024

# From accepting a client to `connection_made`, in iterations of the loop.
_STEPS_TO_CONNECT: Final = 3

# Headers and trailers; an error in a trailer is a stack trace in base64.
_MAX_HEADER_BYTES: Final = 1024 * 1024

_log = logging.getLogger(__name__)

Headers = tuple[tuple[bytes, bytes], ...]


@frozen
class Response:
    """An answer to a request; the server adds `Content-Length` or `Transfer-Encoding`.

    A generator as body is sent in chunks, no faster than the client reads them. It is
    closed when the client disconnects. `trailers` is called after its end; an HTTP/1.0 client gets none.
    """

    status: int
    body: bytes | AsyncGenerator[bytes, None]
    headers: Mapping[str, str] = field(default_factory=dict)
    trailers: Callable[[], Mapping[str, str]] = dict


_BAD_REQUEST: Final = Response(status=400, body=b"")
_INTERNAL_SERVER_ERROR: Final = Response(
    status=500,
    body=b'{"errorMessage": "Internal Server Error", "errorType": "InternalServerError"}\n',
    headers={"Content-Type": "application/json"},
)


class TruncatedRequestError(Exception):
    """The client disconnected before the end of its request."""


class Request:
    """A request whose body is still arriving."""

    def __init__(
        self, *, method: str, path: str, headers: Headers, transport: asyncio.Transport
    ) -> None:
        self.method = method
        self.path = path
        self.trailers: Headers = ()
        self.is_whole = False
        self._headers = headers
        self._transport = transport
        self._unread = bytearray()  # chunks apart would need much more memory if they are small
        self._error: TruncatedRequestError | None = None
        self._changed = asyncio.Event()

    def header(self, name: str) -> str | None:
        """Return the value of a header; None if there is none."""
        return _find(self._headers, name)

    def trailer(self, name: str) -> str | None:
        """Return the value of a trailer; None before the body is read."""
        return _find(self.trailers, name)

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives, each time everything that is there.

        Raises:
            TruncatedRequestError: The client disconnected before the end.
        """
        while True:
            if self._unread:
                chunk = bytes(self._unread)
                self._unread.clear()
                self._transport.resume_reading()
                yield chunk
            elif self._error:
                raise self._error
            elif self.is_whole:
                return
            else:
                self._changed.clear()
                await self._changed.wait()

    def feed(self, chunk: bytes | bytearray) -> None:
        """Add a chunk of the body."""
        self._unread += chunk
        if len(self._unread) >= _MAX_UNREAD_BYTES:
            self._transport.pause_reading()
        self._changed.set()

    def end(self, trailers: Headers) -> None:
        """Note the end of the body."""
        self.trailers = trailers
        self.is_whole = True
        self._changed.set()

    def break_off(self) -> None:
        """Note that the rest of the body will not come."""
        self._error = TruncatedRequestError()
        self._changed.set()


class Handler(Protocol):
    async def __call__(self, request: Request, /) -> Response: ...


class Server:
    """Serves a listening socket until closed, only to peers (host, port) that `accepts_peer` accepts.

    A handler reads what it needs of a request before it returns. The rest is discarded, and so is the body of a
    GET before its handler is called.
    """

    def __init__(
        self,
        listener: socket.socket,
        handler: Handler,
        *,
        accepts_peer: Callable[[str, int], Awaitable[bool]],
    ) -> None:
        self._listener = listener
        self._handler = handler
        self._accepts_peer = accepts_peer
        self._connections: set[_Connection] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connect, sock=self._listener)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        # A client that was just accepted must become a connection before the server is closed. Otherwise
        # asyncio does not close its socket.
        asyncio.get_running_loop().remove_reader(self._listener)
        await _finish_connecting()
        self._server.close()
        await self._abort_connections()

    async def forget_clients(self) -> None:
        """Abort all connections, also those that were made just before: their clients have ended."""
        await _finish_connecting()
        await self._abort_connections()

    async def _abort_connections(self) -> None:
        await asyncio.gather(*(connection.abort() for connection in self._connections))

    def _connect(self) -> _Connection:
        return _Connection(self._handler, self._accepts_peer, self._connections)


class _Connection(asyncio.Protocol):
    """One client; each request is answered before the next one is read."""

    def __init__(
        self,
        handler: Handler,
        accepts_peer: Callable[[str, int], Awaitable[bool]],
        connections: set[_Connection],
    ) -> None:
        self._handler = handler
        self._accepts_peer = accepts_peer
        self._connections = connections
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
                    self._begin(event)
                case h11.Data() if self._request:
                    self._request.feed(event.data)
                case h11.EndOfMessage() if self._request:
                    self._request.end(tuple(event.headers))
                case _:  # NEED_DATA, PAUSED until the response is sent, or the connection closes
                    return

    def _begin(self, event: h11.Request) -> None:
        self._request = Request(
            method=event.method.decode("ascii"),
            path=event.target.decode("latin-1"),
            headers=tuple(event.headers),
            transport=self._transport,
        )
        self._answering = asyncio.get_running_loop().create_task(self._answer(self._request))

    async def _answer(self, request: Request) -> None:
        host, port = self._transport.get_extra_info("peername")[:2]
        if not await self._accepts_peer(host, port):
            self._transport.abort()
            return
        if self._http.they_are_waiting_for_100_continue:
            self._write(h11.InformationalResponse(status_code=100, headers=[]))
        response = await self._respond(request)
        await _discard_rest(request)
        if isinstance(response.body, bytes):
            self._send(response, response.body)
        else:
            await self._stream(response, response.body)
        if self._http.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
            self._http.start_next_cycle()
            self._read_events()
        else:
            self._transport.close()

    async def _respond(self, request: Request) -> Response:
        # A handler that waits would wait for a client that is gone, and take what its next request is for.
        if request.method == "GET" and not await _discard_rest(request):
            return _BAD_REQUEST
        try:
            return await self._handler(request)
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
        if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self._send(Response(status=error.error_status_hint, body=b""), b"")
        self._transport.close()


async def _finish_connecting() -> None:
    """Let each client that has connected become a connection."""
    for _ in range(_STEPS_TO_CONNECT):
        await asyncio.sleep(0)


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


def _find(headers: Headers, name: str) -> str | None:
    wanted = name.lower().encode("ascii")
    return next((value.decode("latin-1") for key, value in headers if key == wanted), None)
