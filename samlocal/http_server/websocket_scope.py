"""What the server tells an app about a WebSocket beyond ASGI: when the client has sent its last ping."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from samlocal.http_server.asgi import Scope

_PING: Final = "samlocal.ping"


def note_ping(scope: Scope, seconds: float) -> None:
    """Keep the time of a ping, in seconds of the event loop's clock."""
    scope.setdefault("extensions", {})[_PING] = {"time": seconds}


def last_ping(scope: Scope) -> float:
    """Return the time of the last ping, in seconds of the event loop's clock; minus infinity without one."""
    ping = scope.get("extensions", {}).get(_PING)
    return ping["time"] if ping else -math.inf
