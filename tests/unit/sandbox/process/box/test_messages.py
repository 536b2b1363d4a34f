"""Messages between samlocal and a box."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from samlocal.sandbox.process.box.messages import Unpacker, pack

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.binary() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(messages=st.lists(st.tuples(st.text(), VALUES)), size=st.integers(1, 50))
def test_messages_in_any_pieces(messages: list[tuple[str, Any]], size: int) -> None:
    """Messages arrive as they were sent, whatever the pieces."""
    data = b"".join(map(pack, messages))
    unpacker = Unpacker()
    received: list[tuple[Any, ...]] = []
    for start in range(0, len(data), size):
        received += unpacker.take(data[start : start + size])
    assert received == messages


def test_names_that_are_no_text() -> None:
    """File names with any bytes arrive, as Python represents them."""
    assert Unpacker().take(pack(("start", "a\udcff"))) == [("start", "a\udcff")]
