"""Output becomes records, whatever pieces it arrives in."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.execution.telemetry.records import MAX_RECORD_BYTES, RecordSplitter


def split(*pieces: bytes) -> list[str]:
    splitter = RecordSplitter()
    records = [record for piece in pieces for record in splitter.split(piece)]
    return records + splitter.end()


@pytest.mark.parametrize(
    ("output", "records"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(b"one\ntwo\n", ["one", "two"], id="lines"),
        pytest.param(b"one\n\n", ["one", ""], id="empty line"),
        pytest.param(b"one\ntwo", ["one", "two"], id="without an end"),
        pytest.param(b"trace\r  line 1\r  line 2\n", ["trace\n  line 1\n  line 2"], id="message"),
        pytest.param(b"one\r\ntwo\r\n", ["one", "two"], id="carriage return and line feed"),
        pytest.param(b"\xff\xc3\nb\n", ["\ufffd\ufffd", "b"], id="not UTF-8"),
        pytest.param("ä€😀\n".encode(), ["ä€😀"], id="UTF-8"),
        pytest.param("one\u2028two\x0b\n".encode(), ["one\u2028two\x0b"], id="other separators"),
    ],
)
def test_records(output: bytes, records: list[str]) -> None:
    """A record is a line; carriage returns stand for the line feeds inside a message."""
    assert split(output) == records


@given(st.binary(), st.lists(st.integers(min_value=0, max_value=40)))
def test_pieces_do_not_matter(output: bytes, cuts: list[int]) -> None:
    """Output in any pieces has the same records."""
    starts = [0, *sorted(cuts), len(output)]
    pieces = [output[start:end] for start, end in pairwise(starts)]
    assert split(*pieces) == split(output)


@pytest.mark.parametrize("piece_bytes", [1000, MAX_RECORD_BYTES, 3 * MAX_RECORD_BYTES])
def test_long_line_is_cut_between_characters(piece_bytes: int) -> None:
    """Output without line feeds becomes records of a limited size, and no character is lost."""
    text = "a€" * MAX_RECORD_BYTES
    output = text.encode()
    pieces = [output[at : at + piece_bytes] for at in range(0, len(output), piece_bytes)]
    records = split(*pieces, b"\nnext\n")
    assert "".join(records) == f"{text}next"
    assert records[-1] == "next"
    assert all(len(record) <= MAX_RECORD_BYTES for record in records)


def test_unfinished_line_is_bounded() -> None:
    """A process that never writes a line feed does not fill the memory."""
    splitter = RecordSplitter()
    for _ in range(100):
        splitter.split(b"\x80" * 100_000)
    [rest] = splitter.end()
    assert len(rest) <= MAX_RECORD_BYTES
