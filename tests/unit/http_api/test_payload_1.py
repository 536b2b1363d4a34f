"""Events of payload format 1.0.

Expectations are those of AWS's documentation and of events that localstack recorded on AWS:
https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/test_apigateway_lambda.snapshot.json
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.http_api.forwarded_headers import forwarded_headers
from samlocal.http_api.payload_1 import EventTarget, build_event
from tests.unit.http_api.requests import ROOT, TRACE, http_request, rest_api

if TYPE_CHECKING:
    from samlocal.http_api.exchange import HttpRequest

ADDED = {
    "Host": "127.0.0.1:3000",
    "X-Amzn-Trace-Id": f"Root={ROOT}",
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Port": "3000",
    "X-Forwarded-Proto": "http",
}


def _event(
    request: HttpRequest, *, binary: bool = False, target: EventTarget | None = None, **api: object
) -> dict[str, Any]:
    return build_event(
        rest_api(**api),
        request,
        target or EventTarget(resource="/items/{id}", resource_id="abc123"),
        headers=forwarded_headers(request),
        account_id="123456789012",
        has_binary_body=binary,
    )


def test_whole_event() -> None:
    """Every member is there, and those without a value are null."""
    request = http_request(headers=(("Host", "api.example.com"), ("User-Agent", "curl/8")))
    target = EventTarget(resource="/items/{id}", resource_id="abc123", path_parameters={"id": "7"})
    event = _event(request, target=target, variables={"table": "t"})
    extended = event["requestContext"].pop("extendedRequestId")
    deployment = event["requestContext"].pop("deploymentId")
    assert re.fullmatch(r"[\w+/]{15}=", extended)
    assert re.fullmatch(r"[a-z0-9]{6}", deployment)
    headers = ADDED | {"Host": "api.example.com", "User-Agent": "curl/8"}
    assert event == {
        "resource": "/items/{id}",
        "path": "/items/7",
        "httpMethod": "GET",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"id": "7"},
        "stageVariables": {"table": "t"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "httpMethod": "GET",
            "identity": {
                "accessKey": None,
                "accountId": None,
                "caller": None,
                "cognitoAuthenticationProvider": None,
                "cognitoAuthenticationType": None,
                "cognitoIdentityId": None,
                "cognitoIdentityPoolId": None,
                "principalOrgId": None,
                "sourceIp": "127.0.0.1",
                "user": None,
                "userAgent": "curl/8",
                "userArn": None,
            },
            "path": "/dev/items/7",
            "protocol": "HTTP/1.1",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "requestTime": "26/Nov/2026:10:11:12 +0000",
            "requestTimeEpoch": 1795687872250,
            "resourceId": "abc123",
            "resourcePath": "/items/{id}",
            "stage": "dev",
        },
        "body": None,
        "isBase64Encoded": False,
    }


def test_version_of_http_apis() -> None:
    """An HTTP API's event has a version, and no deployment."""
    event = _event(
        http_request(),
        target=EventTarget(resource="/items", resource_id=None, version="1.0"),
        stage="$default",
    )
    assert event["version"] == "1.0"
    assert next(iter(event)) == "version"
    assert event["requestContext"]["path"] == "/items/7"
    assert event["requestContext"]["resourceId"] is None
    assert "deploymentId" not in event["requestContext"]


def test_operation_name() -> None:
    """The operation's name is there if the method has one."""
    named = EventTarget(resource="/", resource_id="x", operation_name="ListItems")
    assert _event(http_request(), target=named)["requestContext"]["operationName"] == "ListItems"
    assert "operationName" not in _event(http_request())["requestContext"]


@pytest.mark.parametrize(
    ("sent", "path", "context_path"),
    [
        pytest.param({"path": "/a/"}, "/a/", "/dev/a/", id="trailing slash"),
        pytest.param({"path": "//a"}, "/a", "/dev//a", id="leading slashes"),
        pytest.param({"path": "/a//b"}, "/a//b", "/dev/a//b", id="double slash"),
        pytest.param(
            {"path": "/test%2Balias@gmail.com"},
            "/test%2Balias@gmail.com",
            "/dev/test%2Balias@gmail.com",
            id="encoded",
        ),
        pytest.param({"path": "/a", "prefix": "/dev"}, "/a", "/dev/a", id="stage prefix"),
        pytest.param({"path": "/a", "prefix": "/v1"}, "/v1/a", "/v1/a", id="base path"),
    ],
)
def test_path(sent: dict[str, str], path: str, context_path: str) -> None:
    """`path` is as sent, without the stage; that of the context has the stage or the base path."""
    event = _event(http_request(**sent), base_paths=("v1",))
    assert (event["path"], event["requestContext"]["path"]) == (path, context_path)


@pytest.mark.parametrize(
    ("query", "last", "every"),
    [
        pytest.param("", None, None, id="none"),
        pytest.param("urlparam=test", {"urlparam": "test"}, {"urlparam": ["test"]}, id="one"),
        pytest.param("a=1&a=2", {"a": "2"}, {"a": ["1", "2"]}, id="twice"),
        pytest.param("a", {"a": ""}, {"a": [""]}, id="without a value"),
        pytest.param("a=", {"a": ""}, {"a": [""]}, id="empty"),
        pytest.param("&&a=1&", {"a": "1"}, {"a": ["1"]}, id="empty parts"),
        pytest.param("a=b=c", {"a": "b=c"}, {"a": ["b=c"]}, id="equals sign"),
        pytest.param(
            "t=2023-06-12T18:05:10.123456+00:00",
            {"t": "2023-06-12T18:05:10.123456 00:00"},
            {"t": ["2023-06-12T18:05:10.123456 00:00"]},
            id="plus is a space",
        ),
        pytest.param("e=a%2Bb%20c", {"e": "a+b c"}, {"e": ["a+b c"]}, id="encoded"),
        pytest.param("a%20b=1", {"a b": "1"}, {"a b": ["1"]}, id="encoded name"),
        pytest.param("a=%FF", {"a": "\ufffd"}, {"a": ["\ufffd"]}, id="no UTF-8"),
    ],
)
def test_query(query: str, last: dict[str, str] | None, every: dict[str, list[str]] | None) -> None:
    """The query is decoded; of two values the last one counts, and the lists have both."""
    event = _event(http_request(query=query))
    assert event["queryStringParameters"] == last
    assert event["multiValueQueryStringParameters"] == every


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        pytest.param([("tEsT-HEADeR", "aValUE")], {"tEsT-HEADeR": ["aValUE"]}, id="case stays"),
        pytest.param([("aUThorization", "x")], {"Authorization": ["x"]}, id="authorization"),
        pytest.param([("user-agent", "x")], {"User-Agent": ["x"]}, id="user agent"),
        pytest.param([("a", "1"), ("a", "2")], {"a": ["1", "2"]}, id="twice"),
        pytest.param([("a", "1"), ("A", "2")], {"a": ["1"], "A": ["2"]}, id="two cases"),
        pytest.param([("Authorization", "AWS4-HMAC-SHA256 Credential=…")], {}, id="signature"),
        pytest.param(
            [("x-forwarded-for", "10.0.0.1"), ("X-Forwarded-Proto", "https")],
            {"X-Forwarded-For": ["10.0.0.1, 127.0.0.1"]},
            id="forwarded",
        ),
        pytest.param(
            [("x-amzn-trace-id", f"Root={ROOT}")], {"X-Amzn-Trace-Id": [TRACE]}, id="trace"
        ),
        *(
            pytest.param([(name, "x")], {}, id=name)
            for name in (
                *("Connection", "Content-Length", "Content-MD5", "Expect", "Max-Forwards"),
                *("Proxy-Authenticate", "Server", "TE", "Trailer", "Transfer-Encoding"),
                *("Upgrade", "WWW-Authenticate"),
            )
        ),
        *(
            pytest.param([(name, "x")], {name: ["x"]}, id=name)
            for name in (
                *("Accept", "Accept-Charset", "Accept-Encoding", "Age", "Authorization"),
                *("Content-Encoding", "Content-Type", "Cookie", "Date", "Pragma", "Range"),
                *("Referer", "User-Agent", "Via", "Warn"),
            )
        ),
    ],
)
def test_headers(sent: list[tuple[str, str]], received: dict[str, list[str]]) -> None:
    """Some headers are dropped or written anew; the others arrive as the client wrote them."""
    event = _event(http_request(headers=(("Host", "127.0.0.1:3000"), *sent)))
    expected = {name: [value] for name, value in ADDED.items()} | received
    assert event["multiValueHeaders"] == expected
    assert event["headers"] == {name: values[-1] for name, values in expected.items()}


@pytest.mark.parametrize(
    ("host", "prefix"),
    [
        pytest.param("abc.localhost:3000", "abc", id="label"),
        pytest.param("localhost:3000", "a1b2c3d4e5", id="no label"),
        pytest.param("127.0.0.1:3000", "a1b2c3d4e5", id="IPv4"),
        pytest.param("[::1]:3000", "a1b2c3d4e5", id="IPv6"),
    ],
)
def test_domain(host: str, prefix: str) -> None:
    """The domain is the `Host` header, and its prefix a label, or else the API's id."""
    context = _event(http_request(headers=(("host", host),)))["requestContext"]
    assert (context["domainName"], context["domainPrefix"]) == (host, prefix)


def test_no_host() -> None:
    """A client of HTTP/1.0 need not send a `Host`; the function gets one."""
    event = _event(http_request(headers=(), protocol="HTTP/1.0"))
    assert event["headers"]["Host"] == "127.0.0.1:3000"
    assert event["requestContext"]["protocol"] == "HTTP/1.0"


@pytest.mark.parametrize(
    ("body", "binary", "expected"),
    [
        pytest.param(b"", False, (None, False), id="none"),
        pytest.param(b"", True, (None, False), id="none of a binary type"),
        pytest.param('{"a": "ä"}'.encode(), False, ('{"a": "ä"}', False), id="text"),
        pytest.param(b"\x89PNG", True, ("iVBORw==", True), id="binary"),
        pytest.param(b"{}", True, ("e30=", True), id="JSON as binary"),
        pytest.param(b"\xff", False, ("\ufffd", False), id="broken text"),
    ],
)
def test_body(body: bytes, *, binary: bool, expected: tuple[str | None, bool]) -> None:
    """A body is text, or base64 if its type is binary, and never empty."""
    event = _event(http_request(body=body), binary=binary)
    assert (event["body"], event["isBase64Encoded"]) == expected


@given(
    path=st.text(st.characters(max_codepoint=255)),
    query=st.text(st.characters(max_codepoint=255)),
    value=st.text(st.characters(max_codepoint=255)),
    body=st.binary(),
    binary=st.booleans(),
)
def test_any_request(*, path: str, query: str, value: str, body: bytes, binary: bool) -> None:
    """Any text and any bytes that a client may send become JSON."""
    headers = (("Host", value), ("x", value))
    request = http_request(f"/{path}", query=query, headers=headers, body=body)
    event = _event(request, binary=binary)
    assert json.loads(json.dumps(event)) == event


def test_extended_request_ids_differ() -> None:
    """Each request has its own extended id."""
    ids = {
        _event(http_request(request_id=str(each)))["requestContext"]["extendedRequestId"]
        for each in range(100)
    }
    assert len(ids) == 100
