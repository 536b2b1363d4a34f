"""What goes over the attached stdin and stdout of a relay: frames.

A frame is one byte of kind, four of the connection's number, four of the data's length, and the data; the
numbers are big-endian. From the relay: `READY` once, its number is the port it listens on; `OPEN` for each
new connection. In both directions: `DATA`, and `END` after the last of them, once a direction.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEADER: Final = struct.Struct(">BII")


class Kind(IntEnum):
    """What a frame says."""

    READY = 0
    OPEN = 1
    DATA = 2
    END = 3


@frozen
class Frame:
    """One message about one connection."""

    kind: Kind
    number: int
    data: bytes = b""

    def __bytes__(self) -> bytes:
        return _HEADER.pack(self.kind, self.number, len(self.data)) + self.data


def read_frames(chunks: Iterable[bytes]) -> Iterator[Frame]:
    """Yield the frames of a stream that comes in pieces of any size.

    Raises:
        ValueError: The stream is no such stream.
    """
    pending = bytearray()
    for chunk in chunks:
        pending += chunk
        position = 0
        while len(pending) - position >= _HEADER.size:
            kind, number, length = _HEADER.unpack_from(pending, position)
            begin, end = position + _HEADER.size, position + _HEADER.size + length
            if end > len(pending):
                Kind(kind)
                break
            yield Frame(kind=Kind(kind), number=number, data=bytes(pending[begin:end]))
            position = end
        del pending[:position]
