"""The quotas of WebSocket APIs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
"""

from __future__ import annotations

from samlocal.frozen_dataclass import frozen


@frozen
class Limits:
    """Sizes in bytes and times in seconds, of one connection.

    Two are not quotas of the service. The client is read no further while `concurrent_messages` of its messages are
    with functions. A message to a client that does not read fails after `send_seconds`.
    """

    message_bytes: int = 128 * 1024
    frame_bytes: int = 32 * 1024
    idle_seconds: float = 10 * 60
    longest_seconds: float = 2 * 60 * 60
    concurrent_messages: int = 100
    send_seconds: float = 10
