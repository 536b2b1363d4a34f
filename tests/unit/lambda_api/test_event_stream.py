"""Messages of an event stream, read by botocore's decoder."""

from __future__ import annotations

from typing import Any

from botocore.eventstream import EventStreamBuffer  # type: ignore[import-untyped]  # has no types
from hypothesis import given
from hypothesis import strategies as st

from samlocal.lambda_api.event_stream import encode_error, encode_event, encode_message

NAMES = st.text(st.characters(codec="ascii"), min_size=1, max_size=255)
VALUES = st.text(st.characters(codec="utf-8"), max_size=100)


def decoded(*messages: bytes) -> list[tuple[dict[str, Any], bytes]]:
    """Return headers and payload of messages; botocore checks lengths and checksums."""
    buffer = EventStreamBuffer()
    for each in messages:
        buffer.add_data(each)
    return [(dict(event.headers), event.payload) for event in buffer]


@given(st.lists(st.tuples(st.dictionaries(NAMES, VALUES, max_size=5), st.binary()), max_size=5))
def test_messages(messages: list[tuple[dict[str, str], bytes]]) -> None:
    """Any headers and payloads come back as they were."""
    assert decoded(*(encode_message(*each) for each in messages)) == messages


def test_event() -> None:
    """An event names its type and the type of its content."""
    ((headers, payload),) = decoded(encode_event("PayloadChunk", b"\0", content_type="a/b"))

    assert headers == {
        ":message-type": "event",
        ":event-type": "PayloadChunk",
        ":content-type": "a/b",
    }
    assert payload == b"\0"


def test_long_error() -> None:
    """The text of an error fits into a header, however long it is."""
    ((headers, _),) = decoded(encode_error("ServiceException", "𝄞" * 50_000))

    assert headers[":error-code"] == "ServiceException"
    assert headers[":error-message"] == "𝄞" * 8000
