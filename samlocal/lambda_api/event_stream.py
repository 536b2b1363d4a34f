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


def encode_exception(exception_type: str, payload: bytes) -> bytes:
    """Return the message that ends a stream with an error, whose content is JSON."""
    headers = {
        ":message-type": "exception",
        ":exception-type": exception_type,
        ":content-type": "application/json",
    }
    return encode_message(headers, payload)


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
