"""What functions may answer to a REST API, and what clients get.

Rows without a remark are recorded on AWS:
https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/test_apigateway_lambda.snapshot.json
"""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.http_api.rest.function_response import (
    BrokenBase64Error,
    read_metadata,
    read_response,
)
from samlocal.http_api.result_members import WrongResultError

JSON = ("Content-Type", "application/json")
BASE64 = "dGVzdC1kYXRh"


@pytest.mark.parametrize(
    ("result", "status"),
    [
        pytest.param({"statusCode": 200}, 200, id="a status"),
        pytest.param({}, 200, id="nothing"),
        pytest.param({"headers": {}}, 200, id="headers only"),
        pytest.param({"statusCode": None}, 200, id="null"),
        pytest.param({"statusCode": "201"}, 201, id="text"),
        pytest.param({"statusCode": 404.0}, 404, id="a whole number with a point"),
        pytest.param({"statusCode": 599}, 599, id="the highest"),
    ],
)
def test_status(result: object, status: int) -> None:
    """The status is 200 unless the function says another, as a number or as text."""
    response = read_response(json.dumps(result).encode(), decodes_base64=False)
    assert (response.status, response.headers, response.body) == (status, [JSON], b"")


@pytest.mark.parametrize(
    ("members", "headers"),
    [
        pytest.param(
            {"headers": {"test-header": "value", "header-bool": True}},
            [JSON, ("test-header", "value"), ("header-bool", "true")],
            id="booleans",
        ),
        pytest.param(
            {"headers": {"n": 7, "f": 1.5}}, [JSON, ("n", "7"), ("f", "1.5")], id="numbers"
        ),
        pytest.param({"headers": None, "multiValueHeaders": None}, [JSON], id="null"),
        pytest.param({"headers": {"a": None}}, [JSON], id="a null value"),
        pytest.param({"headers": {"content-type": "a/b"}}, [("content-type", "a/b")], id="a type"),
        pytest.param(
            {"multiValueHeaders": {"test-multi": ["value1", "value2"]}},
            [JSON, ("test-multi", "value1"), ("test-multi", "value2")],
            id="several values",
        ),
        pytest.param(
            {
                "multiValueHeaders": {"test-multi": ["value-multi"]},
                "headers": {"test-multi": "value-solo"},
            },
            [JSON, ("test-multi", "value-multi"), ("test-multi", "value-solo")],
            id="lists first",
        ),
        pytest.param(
            {
                "multiValueHeaders": {"tesT-Multi": ["value-multi"]},
                "headers": {"test-multi": "value-solo"},
            },
            [JSON, ("tesT-Multi", "value-multi"), ("tesT-Multi", "value-solo")],
            id="the case of the list",
        ),
        pytest.param(
            {"multiValueHeaders": {"a": ["1", "2"]}, "headers": {"a": "1"}},
            [JSON, ("a", "1"), ("a", "2")],
            id="the same value once",
        ),
        pytest.param(
            {"multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}},
            [JSON, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")],
            id="cookies",
        ),
        pytest.param({"headers": {"a": "€"}}, [JSON, ("a", "â\x82¬")], id="UTF-8"),
        *(
            pytest.param(
                {"headers": {name: "x"}}, [JSON, (f"x-amzn-Remapped-{name}", "x")], id=name
            )
            for name in (
                *("Authorization", "Connection", "Content-Length", "Content-MD5", "Date"),
                *("Expect", "Host", "Max-Forwards", "Proxy-Authenticate", "Server", "Trailer"),
                *("Upgrade", "User-Agent", "WWW-Authenticate", "x-amzn-RequestId", "date"),
            )
        ),
        pytest.param({"headers": {"Transfer-Encoding": "chunked"}}, [JSON], id="dropped"),
        *(
            pytest.param({"headers": {name: "x"}}, [JSON, (name, "x")], id=name)
            for name in (
                *("Accept", "Accept-Charset", "Accept-Encoding", "Age", "Content-Encoding"),
                *("Pragma", "Range", "Referer", "TE", "Via", "Warn", "Location", "ETag"),
            )
        ),
    ],
)
def test_headers(members: object, headers: list[tuple[str, str]]) -> None:
    """Headers become text, lists come first, and some have other names."""
    assert read_response(json.dumps(members).encode(), decodes_base64=False).headers == headers


@pytest.mark.parametrize(
    ("members", "decodes", "body"),
    [
        pytest.param({"body": "ä"}, True, "ä".encode(), id="text"),
        pytest.param({"body": None}, True, b"", id="null"),
        pytest.param({"body": BASE64}, True, BASE64.encode(), id="not said to be Base64"),
        pytest.param({"body": BASE64, "isBase64Encoded": True}, True, b"test-data", id="decoded"),
        pytest.param(
            {"body": BASE64, "isBase64Encoded": True}, False, BASE64.encode(), id="not accepted"
        ),
        pytest.param({"body": "YQ", "isBase64Encoded": True}, True, b"a", id="no padding"),
        pytest.param({"body": "YW\nJj", "isBase64Encoded": True}, True, b"abc", id="lines"),
        pytest.param({"body": "YQ==", "isBase64Encoded": "true"}, True, b"a", id="a flag as text"),
        pytest.param({"body": "YQ==", "isBase64Encoded": None}, True, b"YQ==", id="a null flag"),
        pytest.param({"body": "a\ud800"}, False, b"a?", id="half a character"),
    ],
)
def test_body(members: object, *, decodes: bool, body: bytes) -> None:
    """A body is text; Base64 is decoded where the client accepts the type."""
    assert read_response(json.dumps(members).encode(), decodes_base64=decodes).body == body


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        pytest.param(b"", "the result is empty", id="empty"),
        pytest.param(b"{", "the result is not JSON", id="no JSON"),
        pytest.param(b"NaN", "the result is not JSON", id="NaN"),
        pytest.param(b"null", "the result is not an object: `null`", id="null"),
        pytest.param(b'"text"', 'the result is not an object: `"text"`', id="text"),
        pytest.param(b"7", "the result is not an object: `7`", id="a number"),
        pytest.param(b"true", "the result is not an object: `true`", id="a boolean"),
        pytest.param(b"[]", "the result is not an object: a list", id="a list"),
        pytest.param(b"[" * 100_000, "the result is not JSON", id="deep"),
        pytest.param(b'{"wrongValue": 1}', "the result has the member `wrongValue`", id="unknown"),
        pytest.param(b'{"cookies": []}', "the result has the member `cookies`", id="cookies"),
        pytest.param(b'{"statusCode": "test"}', "`statusCode` is not a number", id="status text"),
        pytest.param(b'{"statusCode": true}', "`statusCode` is not a number", id="status boolean"),
        pytest.param(b'{"statusCode": 99}', "`statusCode` is not a number", id="a low status"),
        pytest.param(b'{"statusCode": 600}', "`statusCode` is not a number", id="a high status"),
        pytest.param(b'{"statusCode": 1e400}', "`statusCode` is not a number", id="infinite"),
        pytest.param(b'{"body": {}}', "`body` is not text: an object", id="a body object"),
        pytest.param(b'{"body": 7}', "`body` is not text: `7`", id="a body number"),
        pytest.param(
            b'{"isBase64Encoded": 1}', "`isBase64Encoded` is not a boolean: `1`", id="a flag"
        ),
        pytest.param(b'{"headers": []}', "`headers` is not an object: a list", id="header list"),
        pytest.param(
            b'{"headers": {"a": []}}', "`headers.a` is not text: a list", id="header value"
        ),
        pytest.param(b'{"headers": {"a b": "x"}}', "`a b` is not the name", id="header name"),
        pytest.param(b'{"headers": {"": "x"}}', "`` is not the name", id="empty header name"),
        pytest.param(
            b'{"headers": {"a": "x\\r\\nb: y"}}', "the value of the header `a`", id="line break"
        ),
        pytest.param(
            b'{"multiValueHeaders": {"a": "x"}}', "`multiValueHeaders.a` is not", id="no list"
        ),
        pytest.param(
            b'{"multiValueHeaders": {"a": [1]}}',
            "`multiValueHeaders.a` is not",
            id="list of numbers",
        ),
        pytest.param(
            b'{"multiValueHeaders": "x"}',
            "`multiValueHeaders` is not an object",
            id="lists as text",
        ),
    ],
)
def test_malformed_results(payload: bytes, message: str) -> None:
    """What is not a response is refused with words that name the member."""
    with pytest.raises(WrongResultError) as caught:
        read_response(payload, decodes_base64=True)
    assert str(caught.value).startswith(message)
    assert not isinstance(caught.value, BrokenBase64Error)


@pytest.mark.parametrize("body", ["***", "a", "YQ==YQ=="])
def test_broken_base64(body: str) -> None:
    """Base64 that cannot be decoded is an error of its own."""
    with pytest.raises(BrokenBase64Error):
        read_response(
            json.dumps({"body": body, "isBase64Encoded": True}).encode(), decodes_base64=True
        )


def test_metadata() -> None:
    """A streamed response has cookies, too."""
    response = read_metadata(
        {"statusCode": 201, "headers": {"Content-Type": "text/html"}, "cookies": ["a=1", "b=2"]}
    )
    assert response.status == 201
    assert response.headers == [
        ("Content-Type", "text/html"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    ]


@pytest.mark.parametrize("metadata", [{"body": "x"}, {"cookies": "a=1"}, {"statusCode": "x"}])
def test_malformed_metadata(metadata: dict[str, object]) -> None:
    """Metadata have no body."""
    with pytest.raises(WrongResultError):
        read_metadata(metadata)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = st.sampled_from(["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"])


@given(st.dictionaries(MEMBERS, JSON_VALUES) | JSON_VALUES, st.booleans())
def test_any_result(result: object, decodes: bool) -> None:  # noqa: FBT001
    """Whatever a function returns is a response that can be sent, or refused with words."""
    try:
        response = read_response(json.dumps(result).encode(), decodes_base64=decodes)
    except WrongResultError:
        return
    assert 200 <= response.status <= 599
    for name, value in response.headers:
        assert name.isascii()
        assert not set(value) & {"\r", "\n", "\0"}
        value.encode("latin-1")


@given(st.binary(max_size=200))
def test_any_bytes(payload: bytes) -> None:
    """Any bytes are a response, or refused with words."""
    with suppress(WrongResultError):
        read_response(payload, decodes_base64=True)
