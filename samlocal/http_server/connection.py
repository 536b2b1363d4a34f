"""One connection: from bytes to requests, within limits."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import unquote_to_bytes

import httptools

from samlocal.http_server.asgi import HEADERS, REASON
from samlocal.http_server.request_cycle import RequestCycle
from samlocal.http_server.request_target import split_target
from samlocal.http_server.response import json_error
from samlocal.http_server.response_head import response_head

if TYPE_CHECKING:
    from typing import Any

    from samlocal.http_server.asgi import Scope
    from samlocal.http_server.request_cycle import Wire
    from samlocal.http_server.response import Headers, PlainResponse
    from samlocal.http_server.server_state import ServerState

_MALFORMED: Final = json_error(400, "Bad Request")
_TOO_LATE: Final = json_error(408, "Request Timeout")
_HEAD_TOO_LARGE: Final = json_error(431, "Request Header Fields Too Large")
# Between name and value, and at the end of the line.
_LINE_BYTES: Final = 4
# For a client that still sends when the server stops.
_STOPPING_SECONDS: Final = 0.2


class WebSocketFactory(Protocol):
    """Makes a request for a WebSocket from its scope, which is that of any other request."""

    def __call__(
        self, wire: Wire, state: ServerState, scope: Scope, method: str, /
    ) -> RequestCycle: ...


class HttpConnection(asyncio.Protocol):
    """One connection. Requests that a client sends ahead of responses are answered in their order.

    `open_websocket` makes that of a request which asks for one; without it, such a request is any other.
    """

    def __init__(self, state: ServerState, open_websocket: WebSocketFactory | None = None) -> None:
        self.is_closing = False
        self._open_websocket = open_websocket
        self._websocket: RequestCycle | None = None
        self._state = state
        self._limits = state.limits
        self._loop = asyncio.get_running_loop()
        self._parser = _new_parser(self)
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # until it is made
        self._common: dict[str, Any] = {}
        self._answering: RequestCycle | None = None
        self._receiving: RequestCycle | None = None
        self._waiting: deque[RequestCycle] = deque()
        self._url = b""
        self._headers: Headers = []
        self._written_headers: Headers = []
        self._head_bytes = 0
        self._fed_bytes = 0
        self._is_in_head = False
        self._has_progressed = False
        self._has_more = False
        self._refusal = _MALFORMED
        self._lingering_bytes: int | None = None
        self._is_paused = False
        self._writable: asyncio.Event | None = None
        self._deadline: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    # The transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream
        own: socket.socket = transport.get_extra_info("socket")
        if own.family != socket.AF_UNIX:
            # asyncio sets it if the socket names its protocol. Without it the body of an answer, which follows
            # its head, waits for the client's delayed acknowledgement: 40 ms.
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._common = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "server": _address(transport.get_extra_info("sockname")),
            "client": _address(transport.get_extra_info("peername")),
            "scheme": "https" if transport.get_extra_info("sslcontext") else "http",
            "root_path": "",
        }
        self._state.open(self)
        self._set_deadline(self._limits.idle_seconds)

    def connection_lost(self, _exc: Exception | None) -> None:
        self.is_closing = True
        if self._timer:
            self._timer.cancel()
        for each in (self._answering, *self._waiting):
            if each and not each.is_complete:
                each.disconnect()
        self._waiting.clear()
        self.resume_writing()
        self._parser = None  # type: ignore[assignment]  # nothing comes any more, and they refer to each other
        self._state.close(self)

    def data_received(self, data: bytes) -> None:
        if self._lingering_bytes is not None:
            self._linger(data)
            return
        if self.is_closing:
            return
        if self._websocket:
            self._websocket.feed_upgraded(data)
            return
        self._has_progressed = False
        was_in_head = self._is_in_head
        self._feed(data)
        if was_in_head and self._is_in_head and not self._has_progressed:
            # The parser keeps the beginning of a long header for itself.
            self._fed_bytes += len(data)
            if self._fed_bytes > self._limits.head_bytes:
                self._refuse(_HEAD_TOO_LARGE)
        self._watch()

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if self._websocket:
                    self._websocket.feed_upgraded(data[upgrade.args[0] :])
                    return
                data = self._without_upgrade() + data[upgrade.args[0] :]
            except httptools.HttpParserError:
                self._refuse(self._refusal)
                return
            else:
                return

    def eof_received(self) -> bool:
        """Keep a connection whose client has sent its request and its end: it still gets the answer.

        Nothing tells such an end from a hang-up. Where the app wants to know of that, an end in the middle of an answer
        is one.
        """
        last = self._waiting[-1] if self._waiting else self._answering
        if self._websocket or self._is_encrypted:
            return False
        if last is None or last.is_complete or not last.has_whole_body:
            return False
        if last.has_begun and last.awaits_disconnect:
            return False
        last.closes = True
        return True

    def pause_writing(self) -> None:
        self._writable = asyncio.Event()

    def resume_writing(self) -> None:
        if self._writable:
            self._writable.set()
            self._writable = None

    # The server's side

    def shutdown(self) -> None:
        """Close the connection after the requests that have begun."""
        last = self._waiting[-1] if self._waiting else self._answering
        if last is None or last.is_complete:
            self.close()
        else:
            last.shutdown()

    # The side of requests

    def write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    async def drain(self) -> None:
        if self._writable:
            await self._writable.wait()

    @property
    def is_blocked(self) -> bool:
        return self._writable is not None

    def pause_reading(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._is_paused and not self._waiting:
            self._is_paused = False
            self._transport.resume_reading()
            if self._receiving:
                self._set_deadline(self._limits.body_seconds)

    def close(self) -> None:
        self.is_closing = True
        self._transport.close()

    def close_within(self, seconds: float) -> None:
        self._set_deadline(seconds)

    def abort(self) -> None:
        self.is_closing = True
        self._transport.abort()

    def end_response(self) -> None:
        cycle = self._answering
        if cycle is None or self.is_closing:
            return
        if not cycle.closes:
            self.resume_reading()
            if cycle.has_whole_body:
                self._go_on()
        elif cycle.has_whole_body and not self._has_more:
            self.close()
        else:
            self._begin_lingering()

    # The parser's side

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = []
        self._written_headers = []
        self._head_bytes = 0
        self._fed_bytes = 0
        self._is_in_head = True
        self._has_progressed = True

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + _LINE_BYTES)
        if self._is_in_head:  # not in a trailer
            self._headers.append((name.lower(), value))
            self._written_headers.append((name, value))
            if len(self._headers) > self._limits.headers:
                self._refusal = _HEAD_TOO_LARGE
                raise ValueError("too many headers")

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._has_progressed = True
        cycle: RequestCycle | None
        if self._parser.get_method() == b"CONNECT":
            raise ValueError("not a proxy")
        if self._parser.should_upgrade():
            self._websocket = cycle = self._find_websocket()
            if cycle is None:
                return  # comes again
        else:
            cycle = self._open_cycle()
        self._receiving = cycle
        if self._answering is None:
            self._answering = cycle
            cycle.start()
        else:
            self._waiting.append(cycle)
            self.pause_reading()

    def on_body(self, body: bytes) -> None:
        self._has_progressed = True
        if self._receiving:
            self._receiving.feed(body)

    def on_message_complete(self) -> None:
        cycle, self._receiving = self._receiving, None
        if cycle:
            cycle.end_body()
            if cycle.is_complete and not self.is_closing:
                self._go_on()

    def _without_upgrade(self) -> bytes:
        """Return the head of a request for another protocol, such as HTTP/2, as one that does not ask for it.

        Clients go on with HTTP/1.1 then. The parser does not read the body of such a request.
        """
        method, version = self._parser.get_method(), self._parser.get_http_version()
        lines = [b"%b %b HTTP/%b" % (method, self._url, version.encode())]
        lines += [
            b"%b: %b" % (name, value)
            for name, value in self._written_headers
            if name.lower() != b"upgrade"
        ]
        self._parser = _new_parser(self)
        return b"\r\n".join((*lines, b"", b""))

    def _find_websocket(self) -> RequestCycle | None:
        """Return the WebSocket that is asked for; None if the request is for another protocol."""
        upgrades = [value.lower() for name, value in self._headers if name == b"upgrade"]
        if upgrades != [b"websocket"] or self._open_websocket is None:
            return None
        scope = self._read_scope()
        if scope["method"] != "GET":
            return None
        return self._open_websocket(self, self._state, scope, "GET")

    def _open_cycle(self) -> RequestCycle:
        scope = self._read_scope()
        version = scope["http_version"]
        closes = version != "1.1" or not self._parser.should_keep_alive()
        cycle = RequestCycle(self, self._state, scope, scope["method"], closes=closes)
        for name, value in self._headers:
            if name == b"content-length":
                cycle.length = int(value)
            elif name == b"transfer-encoding":
                cycle.length = None
            elif name == b"expect" and value.lower() == b"100-continue":
                cycle.awaits_continue = version == "1.1"
        return cycle

    def _read_scope(self) -> Scope:
        path, query = split_target(self._url)
        if sum(name == b"host" for name, _ in self._headers) > 1:
            raise ValueError("several hosts")
        return {
            **self._common,
            "http_version": self._parser.get_http_version(),
            "method": self._parser.get_method().decode(),
            "path": unquote_to_bytes(path).decode(errors="replace"),
            "raw_path": path,
            "query_string": query,
            "headers": self._headers,
            "extensions": {HEADERS: self._written_headers, REASON: {}},
        }

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._limits.head_bytes:
            self._refusal = _HEAD_TOO_LARGE
            raise ValueError("too large a head")

    @property
    def _is_encrypted(self) -> bool:
        scheme: str = self._common["scheme"]
        return scheme == "https"

    def _go_on(self) -> None:
        """Answer the next request, or wait for it."""
        self._answering = None
        if self._waiting:
            self._answering = self._waiting.popleft()
            self._answering.start()
        elif not self._is_in_head:
            self._set_deadline(self._limits.idle_seconds)
        self.resume_reading()

    def _end_requests(self) -> None:
        """Close the connection after the requests that have begun, and read nothing more until then."""
        last = self._waiting[-1] if self._waiting else self._answering
        if last:
            last.closes = True
        self._has_more = True
        self.pause_reading()

    def _refuse(self, response: PlainResponse) -> None:
        """Answer what is no request, or a request whose body is broken, after the requests before it."""
        broken, self._receiving = self._receiving, None
        self._is_in_head = False
        if broken and broken in self._waiting:
            self._waiting.remove(broken)
        if self._answering is None:
            self._answer_unread(response)
        elif self._answering is broken:
            broken.respond(response)
            broken.disconnect()
            self._begin_lingering()
        else:
            self._end_requests()

    def _answer_unread(self, response: PlainResponse) -> None:
        headers = response.all_headers()
        head = response_head(
            response.status, headers, method="GET", date=self._state.date, closes=True, is_old=False
        )
        self.write(head.data + response.body)
        self._begin_lingering()

    # Time

    def _begin_lingering(self) -> None:
        """Read without use what a client still sends: a connection that is closed before loses the answer.

        https://www.rfc-editor.org/rfc/rfc9112#name-tear-down
        """
        if self.is_closing or self._lingering_bytes is not None:
            return
        self._lingering_bytes = self._limits.linger_bytes
        self._waiting.clear()
        if self._transport.can_write_eof():
            try:
                self._transport.write_eof()
            except OSError:  # the client is gone, which the transport has not seen yet
                self.abort()
                return
        self.resume_reading()
        self._set_deadline(
            _STOPPING_SECONDS if self._state.is_stopping else self._limits.linger_seconds
        )

    def _linger(self, data: bytes) -> None:
        self._lingering_bytes = (self._lingering_bytes or 0) - len(data)
        if self._lingering_bytes < 0:
            self.abort()

    def _watch(self) -> None:
        """Set the time for what has to arrive next."""
        if self._lingering_bytes is not None:
            return
        if self._is_in_head:
            if self._has_progressed:
                self._set_deadline(self._limits.head_seconds)
        elif self._receiving:
            if self._has_progressed:
                self._set_deadline(self._limits.body_seconds)
        elif self._answering:
            self._deadline = None

    def _set_deadline(self, seconds: float) -> None:
        """Set when to look whether something has arrived; the timer is renewed rarely."""
        deadline = self._loop.time() + seconds
        self._deadline = deadline
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._check_time)
        elif self._timer.when() > deadline:
            self._timer.cancel()
            self._timer = self._loop.call_at(deadline, self._check_time)

    def _check_time(self) -> None:
        self._timer = None
        if self._deadline is None or self.is_closing:
            return
        if self._deadline > self._loop.time():
            self._timer = self._loop.call_at(self._deadline, self._check_time)
        elif self._lingering_bytes is not None or self._websocket:
            self.abort()
        elif self._is_paused or (self._receiving and self._receiving.awaits_continue):
            self._set_deadline(self._limits.body_seconds)  # the app's turn
        elif self._is_in_head or self._receiving:
            self._refuse(_TOO_LATE)
        else:
            self.close()


def _new_parser(connection: HttpConnection) -> httptools.HttpRequestParser:
    parser = httptools.HttpRequestParser(connection)
    # What follows the last request of a connection is of no use, and no reason to refuse that request.
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser


def _address(name: object) -> tuple[str, int] | None:
    """Return host and port of a TCP socket; None for a unix socket."""
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) else None
