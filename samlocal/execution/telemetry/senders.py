"""The connections to subscribers, over HTTP and TCP."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Final, Protocol

import h11

from samlocal.errors import SamlocalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

    from samlocal.runtime_api.subscriptions import Subscription

_READ_BYTES: Final = 64 * 1024
_FIRST_ERROR_STATUS: Final = 400


class DeliveryError(Exception):
    """A batch may not have reached its subscriber."""


class RefusedError(DeliveryError):
    """A subscriber answered with an error status."""


class Sender(Protocol):
    """Sends batches to one subscriber, one after the other."""

    async def send(self, events: bytes) -> None:
        """Send JSON objects, which line feeds separate.

        Raises:
            DeliveryError: They may not have arrived.
        """

    async def close(self) -> None:
        """Close the connection."""


def sender_for(subscription: Subscription, connect: Callable[[int], socket]) -> Sender:
    """Return a sender; it calls `connect` with the port, in a thread."""
    kind = HttpSender if subscription.destination.protocol == "HTTP" else TcpSender
    return kind(subscription, connect)


class TcpSender:
    """Sends an object a line on one connection, which is opened again after it was closed."""

    def __init__(self, subscription: Subscription, connect: Callable[[int], socket]) -> None:
        self._port = subscription.destination.port
        self._connect = connect
        self._stream: _Stream | None = None

    async def send(self, events: bytes) -> None:
        if self._stream is None or self._stream.has_ended:
            await self.close()
            self._stream = await _open(self._connect, self._port)
        try:
            await self._stream.write(events + b"\n")
        except OSError as error:
            await self.close()
            raise DeliveryError(str(error)) from error
        if self._stream.has_ended:
            raise DeliveryError("the subscriber closed its connection")

    async def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream:
            await stream.close()


class HttpSender:
    """Sends each batch as a request with a JSON array, on one connection if the subscriber keeps it."""

    def __init__(self, subscription: Subscription, connect: Callable[[int], socket]) -> None:
        self._port = subscription.destination.port
        self._connect = connect
        self._method = subscription.destination.method
        self._path = subscription.destination.path
        self._host = f"{subscription.destination.host}:{subscription.destination.port}"
        self._kept: _HttpConnection | None = None

    async def send(self, events: bytes) -> None:
        body = b"[%s]" % events.replace(b"\n", b",")
        kept, self._kept = self._kept, None
        if kept and kept.has_ended:
            await kept.close()
        elif kept:
            # A server may close an idle connection at any time.
            with suppress(_EndedError):
                await self._post(kept, body)
                return
        connection = _HttpConnection(await _open(self._connect, self._port))
        await self._post(connection, body)

    async def close(self) -> None:
        kept, self._kept = self._kept, None
        if kept:
            await kept.close()

    async def _post(self, connection: _HttpConnection, body: bytes) -> None:
        headers = [
            ("Host", self._host),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
        ]
        request = h11.Request(method=self._method, target=self._path, headers=headers)
        keeps = False
        try:
            status = await connection.exchange(request, body)
            keeps = connection.make_ready()
        except (OSError, h11.ProtocolError) as error:
            raise DeliveryError(str(error)) from error
        finally:
            if keeps:
                self._kept = connection
            else:
                await connection.close()
        if status >= _FIRST_ERROR_STATUS:
            raise RefusedError(f"the subscriber answered {status}")


class _EndedError(DeliveryError):
    """The subscriber closed the connection before it answered."""


class _HttpConnection:
    """A connection for consecutive requests."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream
        self._http = h11.Connection(h11.CLIENT)

    @property
    def has_ended(self) -> bool:
        return self._stream.has_ended

    async def exchange(self, request: h11.Request, body: bytes) -> int:
        """Send a request, read the response to its end, and return its status.

        Raises:
            _EndedError: The connection ended before the response began.
            OSError: The connection broke.
            h11.ProtocolError: The response is not HTTP.
        """
        events = (request, h11.Data(data=body), h11.EndOfMessage())
        data = b"".join(self._http.send(event) or b"" for event in events)
        try:
            await self._stream.write(data)
        except ConnectionError as error:
            raise _EndedError(str(error)) from error
        status = 0
        while not isinstance(event := await self._next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                status = event.status_code
        return status

    def make_ready(self) -> bool:
        """Prepare for the next request; return whether the connection can be reused."""
        if self._http.states != {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
            return False
        self._http.start_next_cycle()
        return True

    async def close(self) -> None:
        await self._stream.close()

    async def _next_event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            try:
                data = await self._stream.read()
            except ConnectionError as error:
                raise _EndedError(str(error)) from error
            if not data and self._http.their_state is h11.SEND_RESPONSE:
                raise _EndedError("the subscriber closed its connection without an answer")
            self._http.receive_data(data)
        return event


class _Stream:
    """An open connection; every write waits until the system has all of it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        writer.transport.set_write_buffer_limits(high=0)

    @property
    def has_ended(self) -> bool:
        """Whether the other side has closed the connection."""
        return self._reader.at_eof() or self._writer.is_closing()

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def read(self) -> bytes:
        return await self._reader.read(_READ_BYTES)

    async def close(self) -> None:
        self._writer.transport.abort()  # a normal close would wait for who never reads
        with suppress(OSError):
            await self._writer.wait_closed()


async def _open(connect: Callable[[int], socket], port: int) -> _Stream:
    """Connect in a thread, which nobody waits for after a cancellation."""
    connected: Future[socket] = Future()

    def run() -> None:
        try:
            connection = connect(port)
        except BaseException as error:  # noqa: BLE001  # the coroutine raises it
            if connected.set_running_or_notify_cancel():
                connected.set_exception(error)
            return
        if connected.set_running_or_notify_cancel():
            connected.set_result(connection)
        else:
            connection.close()

    Thread(target=run, daemon=True).start()
    try:
        connection = await asyncio.wrap_future(connected)
    except asyncio.CancelledError:
        if connected.done() and not connected.cancelled() and not connected.exception():
            connected.result().close()
        raise
    except (OSError, SamlocalError) as error:
        raise DeliveryError(str(error)) from error
    connection.setblocking(False)
    try:
        return _Stream(*await asyncio.open_connection(sock=connection))
    except OSError as error:  # the other side is gone already
        connection.close()
        raise DeliveryError(str(error)) from error
