"""The events of functions behind HTTP APIs."""

from __future__ import annotations

from typing import Any

import pytest

from samlocal.http_api.event_values import domain_prefix
from samlocal.http_api.http.events import Events
from samlocal.http_api.http.routes import MatchedRoute
from samlocal.project.apis import Api, ApiKind, FunctionIntegration, FunctionTarget, Route
from tests.unit.http_api.gateway_fakes import ACCOUNT_ID, REQUEST_ID, http_request

ROUTE = Route(
    method="GET",
    path="/items/{id}",
    integration=FunctionIntegration(
        target=FunctionTarget(function="Items"), payload="1.0", timeout_ms=30_000
    ),
)
MATCHED = MatchedRoute(route=ROUTE, key="GET /items/{id}", parameters={"id": "a b"})


def events(**api: Any) -> Events:  # noqa: ANN401  # members of an API
    """Return what builds the events of an API."""
    given = {"stage": "$default"} | api
    return Events(
        Api(kind=ApiKind.HTTP, full_path="Api", identifier="api-id", routes=(ROUTE,), **given)
    )


def test_event_as_recorded() -> None:
    """The event has the values of one that AWS sent for the same request: the path is decoded, the query is not.

    https://github.com/hotsock/voker/blob/main/vokerhttp/testdata/apigwv2-request.json
    """
    body = '{"message":"hello from the public internet","unicode":"lambda-λ"}'
    query = (
        "repeat=one&repeat=two&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb&literalPlus=a+b"
        "&encodedPlus=a%2Bb&empty="
    )
    host = "sjzepsqsu5.execute-api.us-west-2.amazonaws.com"
    request = http_request(
        "POST",
        f"/capture/space%20value?{query}",
        ("User-Agent", "curl/8.7.1"),
        ("Accept", "*/*"),
        ("Content-Type", "application/json"),
        ("Cookie", "session=abc123; theme=dark"),
        ("X-Voker-Probe", "first"),
        ("X-Voker-Probe", "second"),
        body=body.encode(),
        host=host,
    )
    matched = MatchedRoute(route=ROUTE, key="$default", parameters={})
    assert events().build_2(request, matched, "/capture/space value", ACCOUNT_ID) == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/capture/space value",
        "rawQueryString": query,
        "cookies": ["session=abc123", "theme=dark"],
        "headers": {
            "accept": "*/*",
            "content-length": "66",
            "content-type": "application/json",
            "host": host,
            "user-agent": "curl/8.7.1",
            "x-amzn-trace-id": "Root=1-5e6722a7-cc56d7c246db7ae02d4da47e",
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            "x-voker-probe": "first,second",
        },
        "queryStringParameters": {
            "empty": "",
            "encodedPlus": "a+b",
            "literalPlus": "a b",
            "redirect": "https://example.com/a/b",
            "repeat": "one,two",
        },
        "requestContext": {
            "accountId": ACCOUNT_ID,
            "apiId": "api-id",
            "domainName": host,
            "domainPrefix": "sjzepsqsu5",
            "http": {
                "method": "POST",
                "path": "/capture/space value",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "curl/8.7.1",
            },
            "requestId": REQUEST_ID,
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1584039838390,
        },
        "body": body,
        "isBase64Encoded": False,
    }


def test_documented_event_of_format_1() -> None:
    """The members are those of the developer guide's example; names of headers are the client's."""
    request = http_request(
        "GET",
        "/items/a%20b?parameter1=value1&parameter1=value2&parameter2=value",
        ("header1", "value1"),
        ("header2", "value1"),
        ("header2", "value2"),
        ("cookie", "a=1; b=2"),
        ("user-agent", "agent"),
        ("content-type", "text/plain"),
        body=b"Hello from Lambda!",
    )
    built = events(variables={"v": "1"})
    event_2 = built.build_2(request, MATCHED, "/items/a b", ACCOUNT_ID)
    headers = {
        "Content-Length": "18",
        "Host": "id.execute-api.us-east-1.amazonaws.com",
        "User-Agent": "agent",
        "X-Amzn-Trace-Id": "Root=1-5e6722a7-cc56d7c246db7ae02d4da47e",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
        "content-type": "text/plain",
        "cookie": "a=1; b=2",
        "header1": "value1",
        "header2": "value2",
    }
    event = built.build_1(request, MATCHED, "/items/a b", event_2)
    assert event.pop("multiValueHeaders") == {name: [value] for name, value in headers.items()} | {
        "header2": ["value1", "value2"]
    }
    context = event.pop("requestContext")
    assert event == {
        "version": "1.0",
        "resource": "/items/{id}",
        "path": "/items/a b",
        "httpMethod": "GET",
        "headers": headers,
        "queryStringParameters": {"parameter1": "value2", "parameter2": "value"},
        "multiValueQueryStringParameters": {
            "parameter1": ["value1", "value2"],
            "parameter2": ["value"],
        },
        "pathParameters": {"id": "a b"},
        "stageVariables": {"v": "1"},
        "body": "Hello from Lambda!",
        "isBase64Encoded": False,
    }
    assert context.pop("identity") == {
        "accessKey": None,
        "accountId": None,
        "caller": None,
        "cognitoAuthenticationProvider": None,
        "cognitoAuthenticationType": None,
        "cognitoIdentityId": None,
        "cognitoIdentityPoolId": None,
        "principalOrgId": None,
        "sourceIp": "192.0.2.1",
        "user": None,
        "userAgent": "agent",
        "userArn": None,
    }
    assert context == {
        "accountId": ACCOUNT_ID,
        "apiId": "api-id",
        "authorizer": {"claims": None, "scopes": None},
        "domainName": "id.execute-api.us-east-1.amazonaws.com",
        "domainPrefix": "id",
        "extendedRequestId": REQUEST_ID,
        "httpMethod": "GET",
        "path": "/items/a b",
        "protocol": "HTTP/1.1",
        "requestId": REQUEST_ID,
        "requestTime": "12/Mar/2020:19:03:58 +0000",
        "requestTimeEpoch": 1584039838390,
        "resourceId": None,
        "resourcePath": "/items/{id}",
        "stage": "$default",
    }


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"lambda": {"n": 1}}, {"n": 1}),
        (
            {"jwt": {"claims": {"sub": "a"}, "scopes": None}},
            {"claims": {"sub": "a"}, "scopes": None},
        ),
        ({}, {"claims": None, "scopes": None}),
    ],
)
def test_authorizer_of_format_1(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """What an authorizer has found is not under its kind in format 1.0."""
    built = events()
    event_2 = built.build_2(http_request(), MATCHED, "/", ACCOUNT_ID)
    event_2["requestContext"]["authorizer"] = found
    event = built.build_1(http_request(), MATCHED, "/", event_2)
    assert event["requestContext"]["authorizer"] == expected


def test_caller_in_format_1() -> None:
    """Who has signed a request is its identity in format 1.0."""
    built = events()
    event_2 = built.build_2(http_request(), MATCHED, "/", ACCOUNT_ID)
    event_2["requestContext"]["authorizer"] = {"iam": {"accessKey": "AKIA", "callerId": "me"}}
    identity = built.build_1(http_request(), MATCHED, "/", event_2)["requestContext"]["identity"]
    assert (identity["accessKey"], identity["caller"]) == ("AKIA", "me")


def test_binary_body_of_format_1() -> None:
    """A body that is Base64 in format 2.0 is so in format 1.0."""
    built, request = events(), http_request("POST", "/", body=b"a")
    event_2 = built.build_2(request, MATCHED, "/", ACCOUNT_ID)
    event = built.build_1(request, MATCHED, "/", event_2)
    assert (event["body"], event["isBase64Encoded"]) == ("YQ==", True)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("abc.execute-api.us-east-1.amazonaws.com", "abc"),
        ("api.example.com", "api"),
        ("localhost", "id"),
        ("localhost:3000", "id"),
        ("127.0.0.1", "id"),
        ("127.0.0.1:3000", "id"),
        ("[::1]", "id"),
        ("[::1]:3000", "id"),
        ("api.localhost:3000", "api"),
    ],
)
def test_domain_prefix(host: str, expected: str) -> None:
    """Names without labels stand for the API's own."""
    assert (domain_prefix(host) or "id") == expected
