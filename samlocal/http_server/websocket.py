"""A WebSocket between a connection and an app: https://www.rfc-editor.org/rfc/rfc6455.

wsproto reads and writes its frames. Compression is not offered: API Gateway has none, and a small message can be
large without it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import logging
from collections import deque
from typing import TYPE_CHECKING, Final

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Message, Ping, TextMessage

from samlocal.http_server.request_cycle import RequestCycle, Wire
from samlocal.http_server.response import PlainResponse, json_error
from samlocal.http_server.response_head import header_line
from samlocal.http_server.websocket_scope import note_frame, note_ping

if TYPE_CHECKING:
    from wsproto.events import Event

    from samlocal.http_server import asgi
    from samlocal.http_server.server_state import ServerState

# https://www.rfc-editor.org/rfc/rfc6455#section-1.3
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_BYTES: Final = 16
_NORMAL: Final = 1000
_GOING_AWAY: Final = 1001
_ABNORMAL: Final = 1006
_TOO_LARGE: Final = 1009
_FAILED: Final = 1011
# What an app has not read; the client waits with more.
_MOST_UNREAD_BYTES: Final = 65_536
_MOST_UNREAD_MESSAGES: Final = 32
# A client answers a close frame within this time.
_CLOSE_SECONDS: Final = 5.0
_STOP_SECONDS: Final = 0.5
_FORBIDDEN: Final = json_error(403, "Forbidden")
_DEFECT: Final = json_error(500, "Internal Server Error")
_MALFORMED: Final = json_error(400, "Bad Request")
_OTHER_VERSION: Final = PlainResponse(
    426,
    [(b"content-type", b"application/json"), (b"Sec-WebSocket-Version", b"13")],
    b'{"message": "Upgrade Required"}',
)

_log = logging.getLogger("samlocal.endpoint")


class ClientGoneError(OSError):
    """The WebSocket is closed."""


class WebSocketCycle(RequestCycle):
    """A request that asks for a WebSocket, and that when an app has accepted it.

    Before that, the app can answer with a response: the extension `websocket.http.response` of ASGI. A message that is
    larger than the limit closes the WebSocket, as does a stop of the server; each with its code.
    """

    holds_stop = True

    def __init__(self, wire: Wire, state: ServerState, scope: asgi.Scope, method: str) -> None:
        headers = scope["headers"]
        self._key = b"".join(value for name, value in headers if name == b"sec-websocket-key")
        self._version = b"".join(
            value for name, value in headers if name == b"sec-websocket-version"
        )
        del scope["method"]
        scope["type"] = "websocket"
        scope["scheme"] = "wss" if scope["scheme"] == "https" else "ws"
        scope["subprotocols"] = _subprotocols(headers)
        scope["extensions"]["websocket.http.response"] = {}
        super().__init__(wire, state, scope, method, closes=True)
        self._frames: Connection | None = None
        self._early = b""
        self._parts: list[str | bytes] = []
        self._size = 0
        self._frame_bytes = 0
        self._largest_frame_bytes = 0
        self._messages: deque[asgi.Message] = deque()
        self._unread_bytes = 0
        self._is_told = False
        self._is_closing = False
        self._is_stopping = False
        self._end: asgi.Message | None = None

    def start(self) -> None:
        if self.scope["http_version"] != "1.1" or not _is_key(self._key):
            self.respond(_MALFORMED)
        elif self._version != b"13":
            self.respond(_OTHER_VERSION)
        else:
            super().start()

    def shutdown(self) -> None:
        """Close the WebSocket; one that an app has not accepted yet as soon as it has."""
        self._is_stopping = True
        if self._frames:
            self._finish(_GOING_AWAY, "Going away")

    def disconnect(self) -> None:
        self._end = self._end or {"type": "websocket.disconnect", "code": _ABNORMAL}
        super().disconnect()

    def feed_upgraded(self, data: bytes) -> None:
        if self._frames is None:
            self._early += data
            if len(self._early) > _MOST_UNREAD_BYTES:
                self._wire.pause_reading()
        elif self._frames.state in (ConnectionState.OPEN, ConnectionState.LOCAL_CLOSING):
            self._frames.receive_data(data)
            for event in self._frames.events():
                self._take(event, self._frames)

    async def receive(self) -> asgi.Message:
        """Return the next message, or at last how the WebSocket was closed."""
        if not self._is_told:
            self._is_told = True
            return {"type": "websocket.connect"}
        while not self._messages:
            if self._end:
                return self._end
            self._wire.resume_reading()
            self._news.clear()
            await self._news.wait()
        message = self._messages.popleft()
        self._unread_bytes -= len(message.get("text") or message.get("bytes") or b"")
        return message

    async def send(self, message: asgi.Message) -> None:
        """Send a message, no faster than the client reads; a close does not wait for that.

        Raises:
            ClientGoneError: The WebSocket is closed.
        """
        kind = message["type"]
        if kind != "websocket.close":
            await self._wire.drain()
        if self.is_disconnected or (self._is_closing and kind != "websocket.close"):
            raise ClientGoneError
        if self._frames is None:
            await self._answer(message)
        elif kind == "websocket.close":
            self._finish(message.get("code", _NORMAL), message.get("reason") or "")
        elif kind == "websocket.send":
            text = message.get("text")
            content = message["bytes"] if text is None else text
            self._wire.write(self._frames.send(Message(data=content)))
        else:
            raise RuntimeError(f"`{kind}` is not for a WebSocket that has been accepted")

    async def _answer(self, message: asgi.Message) -> None:
        """Accept or refuse the WebSocket."""
        kind = message["type"]
        if kind == "websocket.accept" and not self.has_begun:
            self._accept(message)
        elif kind == "websocket.close" and not self.has_begun:
            self.respond(_FORBIDDEN)
        elif kind in ("websocket.http.response.start", "websocket.http.response.body"):
            await super().send({**message, "type": kind.removeprefix("websocket.")})
        else:
            raise RuntimeError(f"`{kind}` is not an answer to a request for a WebSocket")

    def _accept(self, message: asgi.Message) -> None:
        proof = base64.b64encode(hashlib.sha1(self._key + _GUID).digest())  # noqa: S324  # as in the RFC
        headers = [
            (b"Upgrade", b"websocket"),
            (b"Connection", b"Upgrade"),
            (b"Sec-WebSocket-Accept", proof),
            (b"date", self._state.date),
            *message.get("headers", ()),
        ]
        if subprotocol := message.get("subprotocol"):
            headers.append((b"Sec-WebSocket-Protocol", subprotocol.encode("latin-1")))
        lines = [header_line(name, value) for name, value in headers]
        self.has_begun = True
        self._wire.write(b"".join((b"HTTP/1.1 101 Switching Protocols\r\n", *lines, b"\r\n")))
        self._frames = Connection(ConnectionType.SERVER)
        if self._early:
            self.feed_upgraded(self._early)
            self._early = b""
        if self._is_stopping:
            self.shutdown()

    def _take(self, event: Event, frames: Connection) -> None:
        if isinstance(event, CloseConnection):
            self._take_close(event, frames)
        elif self._is_closing:
            return
        elif isinstance(event, Ping):
            note_ping(self.scope, asyncio.get_running_loop().time())
            if not self._wire.is_blocked:  # else by a client that does not read
                self._wire.write(frames.send(event.response()))
        elif isinstance(event, TextMessage | BytesMessage):
            self._take_part(event)

    def _take_close(self, event: CloseConnection, frames: Connection) -> None:
        if frames.state is ConnectionState.REMOTE_CLOSING:
            self._is_closing = True
            self._wire.write(frames.send(event.response()))
            self._note_end(int(event.code), event.reason or "")
            self._wire.close()
        elif frames.state is ConnectionState.CLOSED:
            self._wire.close()
        else:  # what came is not a frame
            self._finish(int(event.code), event.reason or "")

    def _take_part(self, event: TextMessage | BytesMessage) -> None:
        part = event.data if isinstance(event, TextMessage) else bytes(event.data)
        self._parts.append(part)
        size = _size(part)
        self._size += size
        self._frame_bytes += size
        self._largest_frame_bytes = max(self._largest_frame_bytes, self._frame_bytes)
        if event.frame_finished:
            self._frame_bytes = 0
        limit = self._state.limits.message_bytes
        if self._size > limit:
            self._parts.clear()
            self._finish(_TOO_LARGE, "Message too long")
            return
        if not event.message_finished:
            return
        message: asgi.Message = {"type": "websocket.receive"}
        if isinstance(event, TextMessage):
            message["text"] = "".join(self._parts)  # type: ignore[arg-type]  # all parts are of one kind
        else:
            message["bytes"] = b"".join(self._parts)  # type: ignore[arg-type]  # as above
        note_frame(message, self._largest_frame_bytes)
        self._parts.clear()
        self._size = self._largest_frame_bytes = 0
        self._messages.append(message)
        self._unread_bytes += len(message.get("text") or message.get("bytes") or b"")
        if self._unread_bytes > _MOST_UNREAD_BYTES or len(self._messages) > _MOST_UNREAD_MESSAGES:
            self._wire.pause_reading()
        self._news.set()

    def _finish(self, code: int, reason: str) -> None:
        """Send a close frame, and close the connection when the client has answered it."""
        if self._frames is None or self._is_closing:
            return
        self._is_closing = True
        self._wire.write(self._frames.send(CloseConnection(code=code, reason=reason)))
        self._note_end(code, reason)
        self._wire.resume_reading()
        self._wire.close_within(_STOP_SECONDS if self._state.is_stopping else _CLOSE_SECONDS)

    def _note_end(self, code: int, reason: str) -> None:
        self._end = {"type": "websocket.disconnect", "code": code, "reason": reason}
        self._news.set()

    async def _run(self) -> None:
        code = _NORMAL
        try:
            await self._state.app(self.scope, self.receive, self.send)
        except asyncio.CancelledError:
            code = _GOING_AWAY
            if not self._is_given_up:
                raise
        except ClientGoneError:
            pass
        except Exception:  # noqa: BLE001  # whatever is wrong with the app
            _log.exception("the WebSocket %s failed", self.scope["path"])
            code = _FAILED
        finally:
            self._state.end(self)
            if self._frames:
                self._finish(code, "")
            elif not self.is_complete:
                self.respond(_DEFECT)
                self._wire.close()


def _subprotocols(headers: list[tuple[bytes, bytes]]) -> list[str]:
    values = [
        value.decode("latin-1") for name, value in headers if name == b"sec-websocket-protocol"
    ]
    return [each.strip() for value in values for each in value.split(",") if each.strip()]


def _is_key(key: bytes) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == _KEY_BYTES
    except binascii.Error:
        return False


def _size(part: str | bytes) -> int:
    return len(part) if isinstance(part, bytes) or part.isascii() else len(part.encode())
