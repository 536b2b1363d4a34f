"""What the server tells an app about a WebSocket beyond ASGI: pings, and the frames of a message."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from samlocal.http_server.asgi import Message, Scope

_PING: Final = "samlocal.ping"
_FRAME: Final = "samlocal.frame_bytes"


def note_ping(scope: Scope, seconds: float) -> None:
    """Keep the time of a ping of the client, in seconds of the event loop's clock."""
    scope.setdefault("extensions", {})[_PING] = {"time": seconds}


def last_ping(scope: Scope) -> float:
    """Return the time of the last ping, in seconds of the event loop's clock; minus infinity without one."""
    ping = scope.get("extensions", {}).get(_PING)
    return ping["time"] if ping else -math.inf


def note_frame(message: Message, size: int) -> None:
    """Keep the size in bytes of the largest frame of a message."""
    message[_FRAME] = size


def largest_frame(message: Message) -> int:
    """Return the size in bytes of the largest frame of a message; 0 if the server has not counted."""
    size: int = message.get(_FRAME, 0)
    return size
