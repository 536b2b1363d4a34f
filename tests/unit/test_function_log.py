from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samlocal.function_log import FunctionLog

CHUNKS = st.lists(
    st.lists(st.sampled_from([b"a", b"\r", b"\n", "é".encode()]), max_size=5).map(b"".join)
)


@given(CHUNKS)
def test_carriage_returns_become_line_feeds(chunks: list[bytes]) -> None:
    """The boundaries of chunks do not change the output."""
    shown: list[bytes] = []
    log = FunctionLog(shown.append)
    for chunk in chunks:
        log.write(chunk)
    assert b"".join(shown) == b"".join(chunks).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
