"""The types of ASGI, the interface between a server and an app.

https://asgi.readthedocs.io/en/latest/specs/www.html

The server of this package adds `scope["extensions"]["samlocal.headers"]`: a list of pairs of bytes, the names of headers
as the client wrote them and their values, in its order. With `scope["extensions"]["samlocal.reason"]` it takes `reason`
in `http.response.start`: bytes, the reason phrase after the status. The names of a response are sent as the app writes
them. An app that returns before the end of its response breaks it off: the client sees that it is incomplete.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADERS: Final = "samlocal.headers"
REASON: Final = "samlocal.reason"
