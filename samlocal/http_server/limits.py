"""What a client may send, and how long it may take."""

from __future__ import annotations

from samlocal.frozen_dataclass import frozen


@frozen
class Limits:
    """Limits of a connection; sizes in bytes.

    `head_bytes` is the size of the path and of all headers, of which there are at most `headers`. `head_seconds` is the
    time for all of them, `body_seconds` that in which a part of a body has to arrive while an app could read it, and
    `idle_seconds` that without a request. A client that sends a body although it has its answer is read for
    `linger_seconds`, up to `linger_bytes`, so that it gets the answer. `message_bytes` is the size of a message of a
    WebSocket.
    """

    head_bytes: int = 65_536
    headers: int = 256
    head_seconds: float = 30
    body_seconds: float = 30
    idle_seconds: float = 75
    linger_seconds: float = 5
    linger_bytes: int = 64 * 1024 * 1024
    message_bytes: int = 16 * 1024 * 1024
