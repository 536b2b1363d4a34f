"""The prelude of a streamed HTTP response, however its chunks are cut."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.http_prelude import HTTP_INTEGRATION_RESPONSE, PreludeError, PreludeSplitter

NULS = bytes(8)
METADATA = {"statusCode": 201, "headers": {"x-a": "ü"}, "cookies": ["a=b"]}
PRELUDE = json.dumps(METADATA, ensure_ascii=False).encode()


def split(*chunks: bytes, content_type: str = HTTP_INTEGRATION_RESPONSE) -> tuple[object, bytes]:
    """Return the prelude and the body of a whole response."""
    splitter = PreludeSplitter(content_type)
    body = b"".join([splitter.feed(chunk) for chunk in chunks])
    splitter.end()
    return splitter.prelude, body


@given(body=st.binary(max_size=40), cuts=st.lists(st.integers(0, 130), max_size=6))
def test_chunks_may_be_cut_anywhere(body: bytes, cuts: list[int]) -> None:
    """The prelude is the same wherever chunks are cut, and the body may begin with NUL bytes."""
    response = PRELUDE + NULS + body
    places = [0, *sorted(cuts), len(response)]
    chunks = [response[a:b] for a, b in pairwise(places)]
    assert split(*chunks) == (METADATA, body)


def test_response_byte_by_byte() -> None:
    """The delimiter is found although each of its bytes comes alone."""
    response = PRELUDE + NULS + b"\0body"
    assert split(*[bytes([each]) for each in response]) == (METADATA, b"\0body")


def test_prelude_is_known_before_the_body() -> None:
    """The prelude is there with the last byte of the delimiter."""
    splitter = PreludeSplitter(HTTP_INTEGRATION_RESPONSE)
    assert splitter.feed(PRELUDE + NULS[1:]) == b""
    assert splitter.prelude is None
    assert splitter.feed(b"\0") == b""
    assert splitter.prelude == METADATA


@pytest.mark.parametrize("content_type", ["text/html", "application/octet-stream", ""])
def test_other_content_types_have_no_prelude(content_type: str) -> None:
    """All of a response of another content type is its body."""
    assert split(PRELUDE + NULS, b"body", content_type=content_type) == (
        {},
        PRELUDE + NULS + b"body",
    )


def test_content_type_may_have_parameters() -> None:
    """Letter case and parameters of the content type have no effect."""
    content_type = f"{HTTP_INTEGRATION_RESPONSE.title()} ; charset=utf-8"
    assert split(b"{}" + NULS, content_type=content_type) == ({}, b"")


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        pytest.param([], "ends before", id="empty"),
        pytest.param([PRELUDE], "ends before", id="no delimiter"),
        pytest.param([PRELUDE + NULS[1:]], "ends before", id="seven NUL bytes"),
        pytest.param([b"<html>" + NULS], "not JSON", id="not JSON"),
        pytest.param([b"\xff" + NULS], "not JSON", id="not text"),
        pytest.param([b"[" * 16_000 + NULS], "not JSON", id="nested without end"),
        pytest.param([NULS], "not JSON", id="nothing before the delimiter"),
        pytest.param([b"[1]" + NULS], "not a JSON object", id="a list"),
        pytest.param([b"x" * 100_000], "longer than 16 KB", id="huge"),
        pytest.param([b"x" * 16_377 + NULS], "longer than 16 KB", id="a byte too much"),
        pytest.param([b"x"] * 20_000, "longer than 16 KB", id="huge, byte by byte"),
    ],
)
def test_prelude_that_cannot_be_read(chunks: list[bytes], message: str) -> None:
    """A missing, malformed or huge prelude is an error, in bounded memory."""
    with pytest.raises(PreludeError, match=message):
        split(*chunks)


def test_largest_prelude() -> None:
    """A prelude of 16 KB with its delimiter is read."""
    text = json.dumps({"headers": {"a": "x" * 16_354}}).encode()
    assert len(text + NULS) == 16_384
    assert split(text + NULS + b"body")[1] == b"body"
