from __future__ import annotations

from samlocal.http_api.authorizers.authorizer_events import (
    http_request_event,
    old_http_request_event,
    request_event,
    token_event,
)
from tests.unit.http_api.authorizers.guarded_requests import (
    METHOD_ARN,
    http_event,
    make_request,
    rest_event,
)


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


def test_version_1_of_an_http_api_joins_identities() -> None:
    """Headers keep their names, and what the 2.0 event lacks is an empty object."""
    event = http_event()
    del event["stageVariables"], event["queryStringParameters"]
    request = make_request(("X-Trace", "a"), ("Authorization", "secret"))
    own = old_http_request_event(event, METHOD_ARN, ["secret", "tea"], request, "/items/{id}")
    context = own.pop("requestContext")
    assert own == {
        "version": "1.0",
        "type": "REQUEST",
        "methodArn": METHOD_ARN,
        "identitySource": "secret,tea",
        "authorizationToken": "secret,tea",
        "resource": "/items/{id}",
        "path": "/items/7",
        "httpMethod": "GET",
        "headers": {"X-Trace": "a", "Authorization": "secret"},
        "queryStringParameters": {},
        "pathParameters": {"id": "7"},
        "stageVariables": {},
    }
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "curl/8"
    assert {name: context[name] for name in ("accountId", "apiId", "stage", "resourcePath")} == {
        "accountId": "123456789012",
        "apiId": "abcdefghij",
        "stage": "dev",
        "resourcePath": "/items/{id}",
    }
