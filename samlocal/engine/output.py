"""The output of a container over an attached connection."""

from __future__ import annotations

import struct
from collections import defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_READ_BYTES: Final = 256 * 1024
# One byte of stream (1 = stdout, 2 = stderr), three of padding, four of length:
# https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
_HEADER: Final = struct.Struct(">BxxxL")
_STDERR: Final = 2
_LONGEST_LINE: Final = 64 * 1024


def read_output(
    receive: Callable[[int], bytes], *, stderr: Callable[[bytes], None] | None = None
) -> Iterator[bytes]:
    """Yield a container's stdout and stderr in order, until it ends.

    `receive` returns the next bytes of the connection up to a maximum, and none at its end. Frames that
    arrive together are yielded together, because a function may write millions of them. With `stderr`,
    only stdout is yielded, and `stderr` gets the rest.
    """
    for frames in _read_frames(receive):
        pieces = []
        for stream, payload in frames:
            if stderr and stream == _STDERR:
                stderr(payload)
            else:
                pieces.append(payload)
        if output := b"".join(pieces):
            yield output


def read_whole_lines(receive: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield a container's stdout and stderr, without mixing their lines.

    A very long or incomplete line is yielded in pieces.
    """
    pending: defaultdict[int, bytearray] = defaultdict(bytearray)
    for frames in _read_frames(receive):
        pieces = []
        for stream, payload in frames:
            rest = pending[stream]
            rest += payload
            end = rest.rfind(b"\n") + 1 or (len(rest) if len(rest) > _LONGEST_LINE else 0)
            pieces.append(bytes(rest[:end]))
            del rest[:end]
        if output := b"".join(pieces):
            yield output
    if last := b"\n".join(bytes(rest) for rest in pending.values() if rest):
        yield last


def _read_frames(receive: Callable[[int], bytes]) -> Iterator[list[tuple[int, bytes]]]:
    """Yield the complete frames (stream and payload) that arrive together."""
    pending = bytearray()
    while received := receive(_READ_BYTES):
        pending += received
        frames, consumed = _whole_frames(pending)
        del pending[:consumed]
        yield frames


def _whole_frames(buffer: bytearray) -> tuple[list[tuple[int, bytes]], int]:
    frames: list[tuple[int, bytes]] = []
    position = 0
    while len(buffer) - position >= _HEADER.size:
        stream, length = _HEADER.unpack_from(buffer, position)
        end = position + _HEADER.size + length
        if end > len(buffer):
            break
        frames.append((stream, bytes(buffer[position + _HEADER.size : end])))
        position = end
    return frames, position
