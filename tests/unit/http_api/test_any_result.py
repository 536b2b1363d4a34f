"""Results of any shape: a response that can be sent, or an error that says what is wrong; never anything else."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from samlocal.http_api.function_back_end import FunctionResult
from samlocal.http_api.function_urls.results import read_result as read_url_result
from samlocal.http_api.http.paths import PathError, decode_path
from samlocal.http_api.http.results import read_result as read_http_result
from samlocal.http_api.load_balancers.results import read_result as read_load_balancer_result
from samlocal.http_api.payload_2 import read_query
from samlocal.http_api.result_members import WrongResultError

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.http_api.exchange import HttpResponse

ANY_JSON: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters())
    | st.sampled_from(["200", "aGk=", "a\r\nb", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=5) | st.sampled_from(["x-a", "Content-Type"]), inner, max_size=3
        )
    ),
    max_leaves=5,
)
RESULTS: Final = ANY_JSON | st.fixed_dictionaries(
    {"statusCode": st.sampled_from([200, "201", 404.0]) | ANY_JSON},
    optional=dict.fromkeys(
        ("body", "cookies", "headers", "isBase64Encoded", "multiValueHeaders", "statusDescription"),
        ANY_JSON,
    ),
)


def read_url(payload: bytes) -> HttpResponse:
    result = FunctionResult(payload=payload, content_type="application/json", mode="buffered")
    return read_url_result(result)


READERS: Final[tuple[Callable[[bytes], HttpResponse], ...]] = (
    partial(read_http_result, version="2.0"),
    partial(read_http_result, version="1.0"),
    read_url,
    partial(read_load_balancer_result, multi_value_headers=False),
    partial(read_load_balancer_result, multi_value_headers=True),
)


@given(payload=st.binary(max_size=20) | RESULTS.map(lambda each: json.dumps(each).encode()))
def test_any_result(payload: bytes) -> None:
    """Status and headers can be sent, and a header is never more than one line, whatever reads the result."""
    for read in READERS:
        _check(read, payload)


def _check(read: Callable[[bytes], HttpResponse], payload: bytes) -> None:
    try:
        response = read(payload)
    except WrongResultError as error:
        str(error).encode()  # the terminal takes it
        return
    assert 200 <= response.status <= 599
    assert isinstance(response.body, bytes)
    for name, value in response.headers:
        assert name
        assert name.isascii()
        assert not set("\r\n\0 :") & set(name)
        assert not set("\r\n\0") & set(value)
        value.encode("latin-1")


@given(text=st.text(max_size=30))
def test_any_query(text: str) -> None:
    """Any query has parameters, and encoded ones come back."""
    read_query(text)
    if text:
        assert read_query(f"{quote(text)}={quote(text)}") == {text: text}


@given(path=st.text(st.sampled_from("/aA%25f3F?") | st.characters(max_codepoint=127), max_size=20))
def test_any_path(path: str) -> None:
    """A path is decoded or refused."""
    with suppress(PathError):
        assert "%" in path or decode_path(path) == path
        decode_path(path)
