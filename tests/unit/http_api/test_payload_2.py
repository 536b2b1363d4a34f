"""Events of payload format 2.0, member by member."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from samlocal.http_api.payload_2 import EventRoute, build_event, encode_body, read_query
from samlocal.http_api.request_headers import collect_headers
from tests.unit.http_api.gateway_fakes import ACCOUNT_ID, REQUEST_ID, http_request

if TYPE_CHECKING:
    from samlocal.http_api.exchange import HttpRequest

ROUTE = EventRoute(
    account_id=ACCOUNT_ID,
    api_id="api-id",
    domain_prefix="id",
    stage="$default",
    key="$default",
    raw_path="/my/path",
    path="/my/path",
)


def event_of(request: HttpRequest, route: EventRoute = ROUTE) -> dict[str, Any]:
    """Return the event of a request to an HTTP API."""
    return build_event(request, route, collect_headers(request, keeps_forwarded=True))


def test_documented_example() -> None:
    """The developer guide's example has these members and values, whose headers are in lower case in fact."""
    request = http_request(
        "POST",
        "/my/path?parameter1=value1&parameter1=value2&parameter2=value",
        ("Header1", "value1"),
        ("Header2", "value1"),
        ("Header2", "value2"),
        ("User-Agent", "agent"),
        ("Cookie", "cookie1; cookie2"),
        ("Content-Type", "text/plain"),
        body=b"Hello from Lambda",
    )
    route = EventRoute(
        account_id=ACCOUNT_ID,
        api_id="api-id",
        domain_prefix="id",
        stage="$default",
        key="$default",
        raw_path="/my/path",
        path="/my/path",
        parameters={"parameter1": "value1"},
        variables={"stageVariable1": "value1", "stageVariable2": "value2"},
    )
    assert event_of(request, route) == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/my/path",
        "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
        "cookies": ["cookie1", "cookie2"],
        "headers": {
            "header1": "value1",
            "header2": "value1,value2",
            "content-length": "17",
            "content-type": "text/plain",
            "host": "id.execute-api.us-east-1.amazonaws.com",
            "user-agent": "agent",
            "x-amzn-trace-id": "Root=1-5e6722a7-cc56d7c246db7ae02d4da47e",
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api-id",
            "domainName": "id.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "id",
            "http": {
                "method": "POST",
                "path": "/my/path",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "agent",
            },
            "requestId": REQUEST_ID,
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1584039838390,
        },
        "body": "Hello from Lambda",
        "pathParameters": {"parameter1": "value1"},
        "isBase64Encoded": False,
        "stageVariables": {"stageVariable1": "value1", "stageVariable2": "value2"},
    }


def test_what_is_empty_is_absent() -> None:
    """A request without query, cookies, variables and body has no members for them, but an empty query."""
    event = event_of(http_request())
    assert event.keys() == {
        "version",
        "routeKey",
        "rawPath",
        "rawQueryString",
        "headers",
        "requestContext",
        "isBase64Encoded",
    }
    assert event["rawQueryString"] == ""
    assert event["isBase64Encoded"] is False


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", {}, id="none"),
        pytest.param("a=1&b=2", {"a": "1", "b": "2"}, id="two"),
        pytest.param("a=1&a=2&a=1", {"a": "1,2,1"}, id="several values"),
        pytest.param("a=", {"a": ""}, id="empty value"),
        pytest.param("a", {"a": ""}, id="no value"),
        pytest.param("=1", {"": "1"}, id="no name"),
        pytest.param("&&a=1&", {"a": "1"}, id="empty parts"),
        pytest.param("a+b=c+d%20e", {"a b": "c d e"}, id="spaces"),
        pytest.param("p=a%2Bb&u=%C3%BC", {"p": "a+b", "u": "ü"}, id="escapes"),
        pytest.param("a=b=c", {"a": "b=c"}, id="second equals sign"),
        pytest.param("a=1,2&a=3", {"a": "1,2,3"}, id="comma in a value"),
        pytest.param("a=%zz&b=%", {"a": "%zz", "b": "%"}, id="broken escapes"),
    ],
)
def test_query(query: str, expected: dict[str, str]) -> None:
    """Names and values are decoded, and values of one name joined."""
    assert read_query(query) == expected


@pytest.mark.parametrize(
    ("content_type", "body", "is_base64"),
    [
        ("text/plain", b"a", False),
        ("text/html; charset=utf-8", b"a", False),
        ("Text/CSV", b"a", False),
        ("application/json", b'{"a": "\xc3\xbc"}', False),
        ("application/json;charset=UTF-8", b"{}", False),
        ("application/xml", b"<a/>", False),
        ("application/javascript", b"a", False),
        ("application/x-www-form-urlencoded", b"a=b", True),
        ("multipart/form-data; boundary=x", b"--x--", True),
        ("application/octet-stream", b"a", True),
        ("image/png", b"\x89PNG", True),
        ("application/vnd.api+json", b"{}", True),
        ("", b"a", True),
        ("text/plain", b"\xff\xfe", True),
        ("application/json", b"\x1f\x8b\x08", True),
    ],
)
def test_body(content_type: str, body: bytes, is_base64: bool) -> None:  # noqa: FBT001
    """Only text, JSON, XML and JavaScript are text, if they are UTF-8."""
    expected = base64.b64encode(body).decode() if is_base64 else body.decode()
    assert encode_body(body, content_type) == (expected, is_base64)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param([("Cookie", "a=1; b=2")], ["a=1", "b=2"], id="one header"),
        pytest.param([("Cookie", "a=1"), ("cookie", "b=2;c")], ["a=1", "b=2", "c"], id="two"),
        pytest.param([("Cookie", 'a="x, y"; ; ')], ['a="x, y"'], id="empty parts"),
        pytest.param([("Cookie", "")], None, id="empty header"),
        pytest.param([], None, id="none"),
    ],
)
def test_cookies(headers: list[tuple[str, str]], expected: list[str] | None) -> None:
    """Cookies are a list, and not among the headers of an HTTP API's event."""
    event = event_of(http_request("GET", "/", *headers))
    assert event.get("cookies") == expected
    assert "cookie" not in event["headers"]


@pytest.mark.parametrize("name", ["Connection", "TE", "Transfer-Encoding", "Upgrade", "Expect"])
def test_headers_of_the_connection(name: str) -> None:
    """What is about the client's connection is not in an event."""
    assert name.lower() not in event_of(http_request("GET", "/", (name, "x")))["headers"]


def test_client_behind_a_proxy() -> None:
    """The addresses that a client names come before its own, and its trace is kept."""
    trace = "Root=1-00000000-000000000000000000000001;Sampled=1"
    request = http_request(
        "GET",
        "/",
        ("X-Forwarded-For", "198.51.100.7"),
        ("X-Forwarded-Proto", "gopher"),
        ("X-Amzn-Trace-Id", trace),
    )
    headers = event_of(request)["headers"]
    assert headers["x-forwarded-for"] == "198.51.100.7, 192.0.2.1"
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-amzn-trace-id"] == trace
