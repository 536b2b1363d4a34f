from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from samlocal.engine.output import read_output, read_whole_lines

if TYPE_CHECKING:
    from collections.abc import Callable

FRAMES = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40)), max_size=20)


def connection(content: bytes, cuts: list[int]) -> Callable[[int], bytes]:
    """A connection that delivers the content in pieces, then ends."""
    places = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts)})
    pieces = [content[start:end] for start, end in pairwise(places)]

    def receive(size: int) -> bytes:
        assert size > 0
        return pieces.pop(0) if pieces else b""

    return receive


def framed(stream: int, payload: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(payload)) + payload


@given(FRAMES, st.lists(st.integers(min_value=0), max_size=30))
def test_any_chunking_gives_the_same_bytes(
    frames: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    """Stdout and stderr are complete and in order, for any chunking of the frames."""
    content = b"".join(framed(stream, payload) for stream, payload in frames)
    output = list(read_output(connection(content, cuts)))

    assert b"".join(output) == b"".join(payload for _, payload in frames)
    assert all(output)


@given(FRAMES, st.binary(max_size=40), st.integers(min_value=0))
def test_an_incomplete_frame_is_not_yielded(
    frames: list[tuple[int, bytes]], last: bytes, cut: int
) -> None:
    """If the connection breaks within a frame, the frames before it are yielded."""
    whole = b"".join(framed(stream, payload) for stream, payload in frames)
    broken = framed(1, last)
    content = whole + broken[: cut % len(broken)]

    assert b"".join(read_output(connection(content, []))) == b"".join(p for _, p in frames)


def test_frames_that_arrive_together_are_yielded_together() -> None:
    """Frames that arrive together are yielded as one piece."""
    content = framed(1, b"x") * 1000
    assert list(read_output(connection(content, []))) == [b"x" * 1000]


@given(FRAMES, st.lists(st.integers(min_value=0), max_size=30))
def test_lines_of_two_streams_stay_whole(frames: list[tuple[int, bytes]], cuts: list[int]) -> None:
    """Each stream is in order, and no line of one is within a line of the other."""
    written = {
        stream: b"".join(payload for each, payload in frames if each == stream) for stream in (1, 2)
    }
    content = b"".join(framed(stream, payload) for stream, payload in frames)

    shown = b"".join(read_whole_lines(connection(content, cuts)))

    lines = shown.split(b"\n")
    expected = [line for text in written.values() for line in text.split(b"\n")]
    assert sorted(filter(None, lines)) == sorted(filter(None, expected))


def test_a_very_long_line_is_yielded_in_pieces() -> None:
    """A very long line is yielded in pieces."""
    frames = [framed(1, b"x" * 60_000)] * 3
    received = iter([*frames, b""])
    shown = read_whole_lines(lambda _size: next(received))
    assert len(next(shown)) == 120_000
