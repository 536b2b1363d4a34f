from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.documents.input_files import InputKind, Lines, Source, decode, named_input, parse_json
from samlocal.errors import EventError

KIND = InputKind(noun="event file", error=EventError, max_bytes=10)


@given(st.text(alphabet="ab\n", min_size=1, max_size=30), st.data())
def test_lines_and_columns(text: str, data: st.DataObject) -> None:
    """The character at a line and column is the one at the index."""
    index = data.draw(st.integers(0, len(text) - 1))
    line, column = Lines(text).at(index)
    assert text.split("\n")[line - 1][column - 1 : column] in {text[index], ""}
    assert sum(len(before) + 1 for before in text.split("\n")[: line - 1]) + column - 1 == index


def test_the_path_in_messages() -> None:
    """Messages show `<stdin>` for standard input."""
    assert named_input("-", KIND).path == Path("<stdin>")
    assert named_input("events/a.json", KIND).path == Path("events/a.json")


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff\0"), min_size=2),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_text_is_read_back_from_any_encoding(text: str, encoding: str) -> None:
    """Any text is read back from UTF-8, UTF-16 and UTF-32 with byte order marks."""
    assert decode(text.encode(encoding), named_input("a", KIND)) == text


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
def test_empty_input(content: bytes) -> None:
    """Empty input, with or without a byte order mark, is the empty string."""
    assert decode(content, named_input("a", KIND)) == ""


def test_an_integer_of_too_many_digits() -> None:
    """A number beyond Python's limit of digits is an error with the file's name."""
    with pytest.raises(
        EventError, match=r"^a\.json:1:1: invalid JSON: a number has too many digits"
    ):
        parse_json("1" * 5000, Source(kind=KIND, path=Path("a.json")))
