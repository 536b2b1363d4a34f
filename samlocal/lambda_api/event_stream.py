"""Messages of `application/vnd.amazon.eventstream`.

https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE: Final = "application/vnd.amazon.eventstream"

_TEXT: Final = 7
# A header has at most 32,767 bytes, four of which may be one character.
_MAX_ERROR_LENGTH: Final = 8000
# Both lengths and their CRC before the headers, the CRC of the message after the payload.
_FRAME_BYTES: Final = 16


def encode_event(event_type: str, payload: bytes, *, content_type: str) -> bytes:
    """Return the message of an event."""
    headers = {
        ":message-type": "event",
        ":event-type": event_type,
        ":content-type": content_type,
    }
    return encode_message(headers, payload)


def encode_error(code: str, message: str) -> bytes:
    """Return the message that ends a stream with an error, which the client raises.

    It is an error and not an exception, because the model has none for Lambda's streams.
    """
    headers = {
        ":message-type": "error",
        ":error-code": code,
        ":error-message": message[:_MAX_ERROR_LENGTH],
    }
    return encode_message(headers, b"")


def encode_message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """Return a message with headers of text."""
    encoded = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack("!II", _FRAME_BYTES + len(encoded) + len(payload), len(encoded))
    head = prelude + struct.pack("!I", zlib.crc32(prelude)) + encoded
    checksum = zlib.crc32(payload, zlib.crc32(head))
    return b"".join((head, payload, struct.pack("!I", checksum)))


def _header(name: str, value: str) -> bytes:
    name_bytes, value_bytes = name.encode(), value.encode()
    return struct.pack(
        f"!B{len(name_bytes)}sBH{len(value_bytes)}s",
        len(name_bytes),
        name_bytes,
        _TEXT,
        len(value_bytes),
        value_bytes,
    )
