"""One request and its response, between a connection and an app."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, Protocol

from samlocal.http_server.response import json_error
from samlocal.http_server.response_head import response_head

if TYPE_CHECKING:
    from collections.abc import Iterable

    from samlocal.http_server.asgi import Message, Scope
    from samlocal.http_server.response import PlainResponse
    from samlocal.http_server.response_head import Framing
    from samlocal.http_server.server_state import ServerState

# What an app has not read of a body; the client waits with more.
_MOST_UNREAD_BYTES: Final = 65_536
# The rest of a body that is read without use, so that the connection can be kept.
_MOST_DISCARDED_BYTES: Final = 1024 * 1024
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_FAILED: Final = json_error(500, "Internal Server Error")

_log = logging.getLogger("samlocal.endpoint")


class Wire(Protocol):
    """What a request needs of its connection."""

    is_closing: bool

    @property
    def is_blocked(self) -> bool:
        """Whether the client does not read what was written."""

    def write(self, data: bytes) -> None: ...
    async def drain(self) -> None:
        """Wait until the client has read most of what was written."""

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def end_response(self) -> None:
        """Go on with the next request, or close the connection: the current one has its response."""

    def close(self) -> None:
        """Close the connection after what was written."""

    def close_within(self, seconds: float) -> None:
        """Close the connection after this time, if the client has not done so."""

    def abort(self) -> None:
        """Close the connection at once."""


class RequestCycle:
    """One request: `feed` and `end_body` take its body, and the app answers it with `receive` and `send`.

    `length` is that of the body, None if the client does not say it. `has_whole_body` is false until its end has
    arrived. `awaits_continue` is true for a client that sends it on demand, `awaits_disconnect` while the app asks for
    more after that end: it wants to know when the client hangs up.
    """

    holds_stop = False

    def __init__(
        self, wire: Wire, state: ServerState, scope: Scope, method: str, *, closes: bool
    ) -> None:
        self.scope = scope
        self.closes = closes
        self.length: int | None = 0
        self.awaits_continue = False
        self.has_whole_body = False
        self.has_begun = False
        self.is_complete = False
        self.is_disconnected = False
        self.awaits_disconnect = False
        self._method = method
        self._wire = wire
        self._state = state
        self._chunks: list[bytes] = []
        self._unread = 0
        self._received = 0
        self._is_end_read = False
        self._head = b""
        self._framing: Framing = "none"
        self._left = 0
        self._is_given_up = False
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    def start(self) -> None:
        """Run the app."""
        self._state.begin(self)
        self._task = asyncio.get_running_loop().create_task(self._run())

    def feed(self, part: bytes) -> None:
        """Take a part of the body."""
        self.awaits_continue = False
        self._received += len(part)
        if self.is_complete:
            return
        self._chunks.append(part)
        self._unread += len(part)
        if self._unread > _MOST_UNREAD_BYTES:
            self._wire.pause_reading()
        self._news.set()

    def end_body(self) -> None:
        self.has_whole_body = True
        self._news.set()

    def feed_upgraded(self, data: bytes) -> None:
        """Take what follows the request; only a WebSocket has something to follow."""

    def shutdown(self) -> None:
        """End the connection after this request."""
        self.closes = True

    def disconnect(self) -> None:
        """Tell the app that the client is gone."""
        self.is_disconnected = True
        self._news.set()

    def respond(self, response: PlainResponse) -> None:
        """Send a response and end the connection, unless the app has begun one."""
        if self.has_begun or self.is_disconnected:
            return
        self.closes = True
        self._begin(response.status, response.all_headers())
        self._write(response.body, is_last=True)

    def give_up(self) -> None:
        """Cancel the app; the client is told that the server is stopping, if the app has not begun a response."""
        if self._is_given_up:
            return
        self._is_given_up = True
        self.respond(self._state.stopping(self.scope))
        if self._task:
            self._task.cancel()

    async def receive(self) -> Message:
        """Return the next part of the body, or that the client is gone or has its response."""
        if self.awaits_continue and not self.has_begun and not self._wire.is_closing:
            self._wire.write(_CONTINUE)
        self.awaits_continue = False
        while not (self.is_disconnected or self.is_complete):
            if self._chunks or (self.has_whole_body and not self._is_end_read):
                return self._next_part()
            self._wire.resume_reading()
            self._news.clear()
            self.awaits_disconnect = self._is_end_read
            try:
                await self._news.wait()
            finally:
                self.awaits_disconnect = False
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Send a part of the response, no faster than the client reads."""
        await self._wire.drain()
        if self.is_disconnected or (self._is_given_up and self.is_complete):
            return
        kind = message["type"]
        if self.is_complete:
            raise RuntimeError(f"`{kind}` follows a whole response")
        if kind == "http.response.body" and self.has_begun:
            self._write(message.get("body", b""), is_last=not message.get("more_body", False))
        elif kind == "http.response.start" and not self.has_begun:
            self._begin(message["status"], message.get("headers", ()), message.get("reason"))
        else:
            raise RuntimeError(f"`{kind}` is not what follows in a response")

    async def _run(self) -> None:
        try:
            await self._state.app(self.scope, self.receive, self.send)
        except asyncio.CancelledError:
            self.respond(self._state.stopping(self.scope))
            if not self._is_given_up:
                raise
        except Exception:  # noqa: BLE001  # whatever is wrong with the app
            _log.exception("no answer to %s %s", self._method, self.scope["path"])
            self.respond(_FAILED)
        else:
            if not (self.has_begun or self.is_disconnected):
                _log.error("no answer to %s %s", self._method, self.scope["path"])
                self.respond(_FAILED)
        finally:
            self._state.end(self)
            if not self.is_complete:
                self._break_off()

    def _next_part(self) -> Message:
        part = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._unread = 0
        self._is_end_read = self.has_whole_body
        return {"type": "http.request", "body": part, "more_body": not self.has_whole_body}

    def _begin(
        self, status: int, headers: Iterable[tuple[bytes, bytes]], reason: bytes | None = None
    ) -> None:
        head = response_head(
            status,
            headers,
            method=self._method,
            date=self._state.date,
            closes=self.closes or not self._may_keep(),
            is_old=self.scope["http_version"] != "1.1",
            reason=reason,
        )
        self.has_begun = True
        self.closes = head.closes
        self._framing, self._left = head.framing, head.length
        self._head = head.data
        # With the body, if the app has it already.
        asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        if self._head:
            self._wire.write(self._head)
            self._head = b""

    def _write(self, body: bytes, *, is_last: bool) -> None:
        data = self._framed(body, is_last=is_last)
        if self._head or data:
            self._wire.write(self._head + data)
            self._head = b""
        if is_last:
            self.is_complete = True
            self._chunks.clear()
            self._news.set()
            self._wire.end_response()

    def _framed(self, body: bytes, *, is_last: bool) -> bytes:
        if self._framing == "none":
            return b""
        if self._framing == "chunked":
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            return chunk + b"0\r\n\r\n" if is_last else chunk
        if self._framing == "length":
            self._left -= len(body)
            if self._left < 0 or (is_last and self._left):
                raise ValueError("the body is not as long as the header `content-length` says")
        return body

    def _may_keep(self) -> bool:
        """Return whether the connection can be kept although the body has not been read."""
        if self.has_whole_body:
            return True
        if self.awaits_continue or self.length is None:
            return False
        return self.length - self._received <= _MOST_DISCARDED_BYTES

    def _break_off(self) -> None:
        """Close the connection, so that the client sees an incomplete response."""
        self.is_disconnected = True
        self._flush()
        if self._framing == "close":
            self._wire.abort()
        else:
            self._wire.close()
