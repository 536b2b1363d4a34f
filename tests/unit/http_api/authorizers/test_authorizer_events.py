from __future__ import annotations

from samlocal.http_api.authorizers.authorizer_events import (
    http_request_event,
    old_http_request_event,
    request_event,
    token_event,
)
from samlocal.http_api.payload_2 import EventRoute, build_event
from samlocal.http_api.request_headers import collect_headers
from tests.unit.http_api.authorizers.guarded_requests import (
    METHOD_ARN,
    http_event,
    make_request,
    rest_event,
)
from tests.unit.http_api.gateway_fakes import REQUEST_ID, http_request


def test_a_token_authorizer_gets_the_token_alone() -> None:
    """The event has the documented three members."""
    assert token_event("secret", METHOD_ARN) == {
        "type": "TOKEN",
        "methodArn": METHOD_ARN,
        "authorizationToken": "secret",
    }


def test_a_request_authorizer_gets_the_event_without_its_body() -> None:
    """Everything but the body comes from the function's event, which is not changed."""
    event = rest_event()
    own = request_event(event, METHOD_ARN)
    assert own == {
        "type": "REQUEST",
        "methodArn": METHOD_ARN,
        **{name: event[name] for name in event if name not in {"body", "isBase64Encoded"}},
    }
    assert event == rest_event()


def test_version_2_has_the_route_and_a_list_of_identities() -> None:
    """Members are those of the developer guide's example."""
    event = http_event()
    assert http_request_event(event, METHOD_ARN, ["secret", "tea"]) == {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": METHOD_ARN,
        "identitySource": ["secret", "tea"],
        "routeKey": "GET /items/{id}",
        "rawPath": "/dev/items/7",
        "rawQueryString": "q=tea",
        "cookies": ["a=1"],
        "headers": {"authorization": "secret"},
        "queryStringParameters": {"q": "tea"},
        "requestContext": event["requestContext"],
        "pathParameters": {"id": "7"},
        "stageVariables": {"tenant": "blue"},
    }


def test_version_2_of_the_documented_request() -> None:
    """The whole event is that of the developer guide, but for a client certificate, and with AWS's own headers."""
    request = http_request(
        "POST",
        "/my/path?parameter1=value1&parameter1=value2&parameter2=value",
        ("Header1", "value1"),
        ("Header2", "value2"),
        ("User-Agent", "agent"),
        ("Cookie", "cookie1; cookie2"),
        body=b"not for authorizers",
    )
    route = EventRoute(
        account_id="123456789012",
        api_id="api-id",
        domain_prefix="id",
        stage="$default",
        key="$default",
        raw_path="/my/path",
        path="/my/path",
        parameters={"parameter1": "value1"},
        variables={"stageVariable1": "value1", "stageVariable2": "value2"},
    )
    event = build_event(request, route, collect_headers(request, keeps_forwarded=True))
    arn = "arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/GET/request"
    assert http_request_event(event, arn, ["user1", "123"]) == {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": arn,
        "identitySource": ["user1", "123"],
        "routeKey": "$default",
        "rawPath": "/my/path",
        "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
        "cookies": ["cookie1", "cookie2"],
        "headers": {
            "header1": "value1",
            "header2": "value2",
            "content-length": "19",
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
        "pathParameters": {"parameter1": "value1"},
        "stageVariables": {"stageVariable1": "value1", "stageVariable2": "value2"},
    }


def test_version_1_of_an_http_api_joins_identities() -> None:
    """The whole event is that of the developer guide: headers keep their names, and empty members are objects."""
    event = http_event()
    del event["stageVariables"], event["queryStringParameters"]
    request = make_request(
        ("Host", "localhost:3000"),
        ("Connection", "close"),
        ("X-Trace", "a"),
        ("Authorization", "secret"),
    )
    own = old_http_request_event(event, METHOD_ARN, ["secret", "tea"], request, "/items/{id}")
    assert own == {
        "version": "1.0",
        "type": "REQUEST",
        "methodArn": METHOD_ARN,
        "identitySource": "secret,tea",
        "authorizationToken": "secret,tea",
        "resource": "/items/{id}",
        "path": "/items/7",
        "httpMethod": "GET",
        "headers": {
            "Host": "localhost:3000",
            "X-Trace": "a",
            "Authorization": "secret",
            "X-Amzn-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793",
            "X-Forwarded-For": "127.0.0.1",
            "X-Forwarded-Port": "3000",
            "X-Forwarded-Proto": "http",
        },
        "queryStringParameters": {},
        "pathParameters": {"id": "7"},
        "stageVariables": {},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdefghij",
            "domainName": "localhost",
            "domainPrefix": "localhost",
            "extendedRequestId": "JKJaXmPLvHcESHA=",
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
            "path": "/items/7",
            "protocol": "HTTP/1.1",
            "requestId": "JKJaXmPLvHcESHA=",
            "requestTime": "14/Nov/2023:22:13:20 +0000",
            "requestTimeEpoch": 1_700_000_000_000,
            "resourceId": None,
            "resourcePath": "/items/{id}",
            "stage": "dev",
        },
    }
