"""What a client gets instead of an answer, as users of the service record it.

https://github.com/aws-samples/simple-websockets-chat-app/issues/24
"""

from __future__ import annotations

from typing import Final

# The service leaves out two of the spaces: {"message": "Forbidden", "connectionId":"XDm…=", "requestId":"XDm…="}
_FRAME: Final = '{{"message": "{}", "connectionId":"{}", "requestId":"{}"}}'


def forbidden_frame(connection_id: str, request_id: str) -> str:
    """Return the text for a message that no route takes."""
    return _FRAME.format("Forbidden", connection_id, request_id)


def throttled_frame(connection_id: str, request_id: str) -> str:
    """Return the text for a message that comes too early; its wording is not documented."""
    return _FRAME.format("Too Many Requests", connection_id, request_id)


def internal_error_frame(connection_id: str, request_id: str) -> str:
    """Return the text for a message whose integration failed."""
    return _FRAME.format("Internal server error", connection_id, request_id)
