from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.errors import EventError, UsageError
from samlocal.events import MAX_EVENT_BYTES, EventSource, read_event

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3)
    ),
    max_leaves=10,
)


def from_stdin(content: bytes, *, raw: bool = False) -> bytes:
    return read_event(EventSource(event="-", raw=raw), stdin=io.BytesIO(content))


def from_data(data: str, *, raw: bool = False) -> bytes:
    return read_event(EventSource(data=data, raw=raw), stdin=io.BytesIO())


def test_no_event_is_an_empty_object() -> None:
    """Without options the event is `{}`, and stdin is not read."""
    stdin = io.BytesIO(b'{"a": 1}')
    assert read_event(EventSource(), stdin=stdin) == b"{}"
    assert stdin.tell() == 0


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b' {"a" : 1e5,\r\n"b":"\xc3\xa9"}\n', id="object"),
        pytest.param(b"5858", id="number"),
        pytest.param(b'"hey"', id="string"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[1, 1.0, 1.10]", id="list"),
        pytest.param(b'{"a": 1, "a": 2}', id="a name twice"),
        pytest.param(b'"\\ud800"', id="half a surrogate pair"),
        pytest.param(b"9" * 5000, id="many digits"),
    ],
)
def test_json_in_utf8_is_passed_byte_for_byte(content: bytes) -> None:
    """JSON in UTF-8 reaches the function byte for byte."""
    assert from_stdin(content) == content


@given(JSON_VALUES)
def test_any_json_value_is_passed_as_it_is(value: object) -> None:
    """For any value in any JSON form, the payload is the input."""
    content = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    if b"\xed" in content:  # lone surrogates have no UTF-8
        content = json.dumps(value).encode()
    assert from_stdin(content) == content


@pytest.mark.parametrize(
    "encoding",
    ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"],
)
def test_other_encodings_become_utf8(encoding: str) -> None:
    """UTF-16 and UTF-32 become UTF-8, with or without a byte order mark."""
    assert from_stdin('{"é": "😀"}'.encode(encoding)) == '{"é": "😀"}'.encode()


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(
            b'{"a": 1,\n  "b": }', "<stdin>:2:8: invalid JSON: expecting value, at `}`", id="value"
        ),
        pytest.param(
            b'{"a"\n', "<stdin>:2:1: invalid JSON: expecting ':' delimiter, at the end", id="end"
        ),
        pytest.param(
            b"{'a': 1}", "<stdin>:1:2: invalid JSON: expecting property name", id="quotes"
        ),
        pytest.param(
            b'{"NaN": "NaN",\n "b": NaN}',
            "<stdin>:2:7: invalid JSON: not a JSON value, at `NaN}`",
            id="NaN",
        ),
        pytest.param(b"[-Infinity]", "<stdin>:1:2: invalid JSON: not a JSON value", id="infinity"),
        pytest.param(
            b'{} {"a": 1}', '<stdin>:1:4: invalid JSON: extra data, at `{"a": 1}`', id="more"
        ),
        pytest.param(
            b'{"a":\n "\xe9t\xe9"}', "<stdin>:2:3: invalid UTF-8: the byte `0xe9`", id="latin 1"
        ),
        pytest.param(
            "é".encode("utf-16")[:-1],
            "<stdin>:1:1: invalid UTF-16: the byte `0xe9`",
            id="cut UTF-16",
        ),
        pytest.param(b"[" * 100_000, "<stdin>:1:1: invalid JSON: nested too deeply", id="deep"),
    ],
)
def test_malformed_json_has_a_place(content: bytes, error: str) -> None:
    """Malformed input is an error with line, column and the text there."""
    with pytest.raises(EventError) as caught:
        from_stdin(content)
    assert str(caught.value).startswith(error)


@pytest.mark.parametrize("content", [b"", b" \r\n"])
def test_empty_stdin_is_an_error(content: bytes) -> None:
    """Empty input for `-` is an error whose hint shows an empty event."""
    with pytest.raises(EventError, match=r"^standard input is empty$") as caught:
        from_stdin(content)
    assert caught.value.hint == "`{}` is an empty event"


@pytest.mark.parametrize(
    ("data", "payload"),
    [
        pytest.param('{"a":"bar"}', b'{"a":"bar"}', id="object"),
        pytest.param("5858", b"5858", id="number"),
        pytest.param(" true ", b" true ", id="boolean"),
        pytest.param("hello world", b'"hello world"', id="text"),
        pytest.param("", b'""', id="nothing"),
        pytest.param('say "é"', '"say \\"é\\""'.encode(), id="quotes inside"),
        pytest.param("NaN", b'"NaN"', id="no JSON value"),
    ],
)
def test_data_that_is_not_json_is_a_string(data: str, payload: bytes) -> None:
    """`--data` is JSON, or else a string, as in Serverless."""
    assert from_data(data) == payload


@pytest.mark.parametrize("data", ['{"a": }', "[1", '"open'])
def test_data_that_starts_like_json_must_be_json(data: str) -> None:
    """`--data` that starts like JSON but is malformed is an error, not a string."""
    with pytest.raises(EventError, match=r"^--data:1:.*invalid JSON") as caught:
        from_data(data)
    assert caught.value.hint == "add `--raw` to pass the text as a string"


@pytest.mark.parametrize("data", ['{"a":1}', "5858", "[1", "text"])
def test_raw_data_is_always_a_string(data: str) -> None:
    """`--raw` passes the text as a string even if it is JSON."""
    assert json.loads(from_data(data, raw=True)) == data


def test_raw_input_is_a_string_too() -> None:
    """`--raw` applies to files and stdin as well, and keeps the line end."""
    assert from_stdin(b'{"a": 1}\n', raw=True) == b'"{\\"a\\": 1}\\n"'
    assert from_stdin(b"", raw=True) == b'""'


def test_data_in_another_encoding_is_refused() -> None:
    """An argument that is not UTF-8 is an error, not a traceback."""
    with pytest.raises(EventError, match="`--data` is not valid UTF-8"):
        from_data("caf\udce9")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param(EventSource(event="a", data="b"), "`--event` and `--data`", id="event, data"),
        pytest.param(EventSource(event="a", path="b"), "`--event` and `--path`", id="event, path"),
    ],
)
def test_options_that_contradict_each_other(source: EventSource, message: str) -> None:
    """Two options for the event are a usage error, before anything is read."""
    with pytest.raises(UsageError) as caught:
        read_event(source, stdin=io.BytesIO(b"{}"))
    assert message in caught.value.message
    assert caught.value.hint == "keep one of them"


def test_six_megabytes_are_allowed() -> None:
    """An event of exactly six megabytes is accepted, as in Lambda."""
    content = b'"' + b"x" * (MAX_EVENT_BYTES - 2) + b'"'
    assert from_stdin(content) == content


@pytest.mark.parametrize("data", [False, True])
def test_more_than_six_megabytes_is_lambdas_error(*, data: bool) -> None:
    """A larger event is Lambda's own error, with its size."""
    content = b'"' + b"x" * (MAX_EVENT_BYTES - 1) + b'"'
    with pytest.raises(EventError) as caught:
        from_data(content.decode()) if data else from_stdin(content)
    assert caught.value.message == (
        "Request must be smaller than 6291456 bytes for the InvokeFunction operation"
    )
    assert caught.value.hint == (
        "the event has 6,291,457 bytes; Lambda answers RequestTooLargeException (413)"
    )


def test_endless_input_is_not_read_to_its_end() -> None:
    """Input far beyond the limit is refused after a bounded part of it."""
    stdin = io.BytesIO(b" " * (5 * MAX_EVENT_BYTES))
    stdin.seek(0)
    with pytest.raises(EventError):
        read_event(EventSource(event="-", raw=True), stdin=stdin)
    assert stdin.tell() < 5 * MAX_EVENT_BYTES
