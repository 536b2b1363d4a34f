"""The output of a container, as the engine sends it over an attached connection."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_READ_BYTES: Final = 256 * 1024
# One byte of stream (1 = stdout, 2 = stderr), three of padding, four of length:
# https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
_HEADER: Final = struct.Struct(">BxxxL")
_STDERR: Final = 2


def read_output(
    receive: Callable[[int], bytes], *, stderr: Callable[[bytes], None] | None = None
) -> Iterator[bytes]:
    """Yield what a container writes to stdout and stderr, in its order, until it ends.

    `receive` returns the next bytes of the connection, at most so many, and none at its end. Frames
    that arrive together are handed on together: a function may write millions of them. Where `stderr`
    is given, it takes what is written there, and only stdout is yielded.
    """
    pending = bytearray()
    while received := receive(_READ_BYTES):
        pending += received
        output, consumed = _whole_frames(pending, stderr)
        del pending[:consumed]
        if output:
            yield output


def _whole_frames(buffer: bytearray, stderr: Callable[[bytes], None] | None) -> tuple[bytes, int]:
    pieces: list[bytes] = []
    position = 0
    while len(buffer) - position >= _HEADER.size:
        stream, length = _HEADER.unpack_from(buffer, position)
        end = position + _HEADER.size + length
        if end > len(buffer):
            break
        take = stderr if stderr and stream == _STDERR else pieces.append
        take(bytes(buffer[position + _HEADER.size : end]))
        position = end
    return b"".join(pieces), position
