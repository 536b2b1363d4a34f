"""The frames in the attached stdin and stdout of a relay.

A frame has one byte for its kind, four for the connection's number, four for the length of the data, and the
data. The numbers are big-endian. The relay sends `READY` once, with its port as the number, and `OPEN` for
each new connection of the sandbox. It answers a `CONNECT` to a port of the sandbox with `OPEN` or `BROKEN`;
the numbers of these connections begin at `FIRST_OF_OURS`.

Both sides send `DATA`, one `END` after the last data of a direction, and `BROKEN` if their socket failed. A
sender has at most `WINDOW_BYTES` under way in a connection. The receiver sends `TAKEN` for what its socket
has taken, so that a connection that nobody reads delays no other and fills no memory.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FIRST_OF_OURS: Final = 1 << 31
WINDOW_BYTES: Final = 1024 * 1024

_HEADER: Final = struct.Struct(">BII")
# The data of `CONNECT` and `TAKEN`.
_NUMBER: Final = struct.Struct(">I")


class Kind(IntEnum):
    """The kind of a frame."""

    READY = 0
    OPEN = 1
    DATA = 2
    END = 3
    CONNECT = 4
    BROKEN = 5
    TAKEN = 6


@frozen
class Frame:
    """One message about one connection."""

    kind: Kind
    number: int
    data: bytes = b""

    def __bytes__(self) -> bytes:
        return _HEADER.pack(self.kind, self.number, len(self.data)) + self.data


def number_frame(kind: Kind, number: int, value: int) -> Frame:
    """Return a frame whose data is a port (`CONNECT`) or a number of bytes (`TAKEN`)."""
    return Frame(kind=kind, number=number, data=_NUMBER.pack(value))


def number_of(frame: Frame) -> int:
    """Return the number in the data of such a frame.

    Raises:
        ValueError: The data is not a number.
    """
    if len(frame.data) != _NUMBER.size:
        raise ValueError(f"not a number of a frame: {frame.data!r}")
    return int(_NUMBER.unpack(frame.data)[0])


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
