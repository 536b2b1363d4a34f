from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.sandbox.docker.network.relay.frames import (
    Frame,
    Kind,
    number_frame,
    number_of,
    read_frames,
)

FRAMES = st.lists(
    st.builds(
        Frame,
        kind=st.sampled_from(Kind),
        number=st.integers(min_value=0, max_value=2**32 - 1),
        data=st.binary(max_size=40),
    ),
    max_size=20,
)


@given(FRAMES, st.lists(st.integers(min_value=0), max_size=30))
def test_any_chunking_gives_the_same_frames(frames: list[Frame], cuts: list[int]) -> None:
    """Frames are complete and in order, for any chunking of the stream."""
    content = b"".join(map(bytes, frames))
    places = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts)})
    pieces = [content[start:end] for start, end in pairwise(places)]

    assert list(read_frames(pieces)) == frames


@given(st.integers(min_value=7, max_value=255))
def test_unknown_kind_is_refused(kind: int) -> None:
    """A stream that is not a relay's, such as the message of a shell, is refused at once."""
    with pytest.raises(ValueError, match="is not a valid Kind"):
        list(read_frames([bytes([kind]) + bytes(8)]))


def test_number_in_a_frame() -> None:
    """A port, or a number of bytes, is the data of a frame; anything else there is refused."""
    assert number_of(number_frame(Kind.CONNECT, 1, 8080)) == 8080
    with pytest.raises(ValueError, match="not a number of a frame"):
        number_of(Frame(kind=Kind.TAKEN, number=1, data=b"12"))


def test_frame_without_its_end_waits() -> None:
    """An incomplete frame is not yielded."""
    assert list(read_frames([bytes(Frame(kind=Kind.DATA, number=1, data=b"12"))[:-1]])) == []
