"""The frames in the attached stdin and stdout of a relay.

A frame has one byte for its kind, four for the connection's number, four for the length of the data, and the
data. The numbers are big-endian. The relay sends `READY` once, with its port as the number, and `OPEN` for
each new connection. Both sides send `DATA`, and one `END` after the last data of a direction.
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
    """The kind of a frame."""

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
    """Yield the frames of a stream with chunks of any size.

    Raises:
        ValueError: The stream does not consist of frames.
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
