"""Requests, events and APIs for tests of authorizers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from samlocal.http_api.exchange import HttpRequest
from samlocal.project.apis import (
    Api,
    ApiKind,
    FunctionIntegration,
    FunctionTarget,
    LambdaAuthorizer,
    Route,
)

if TYPE_CHECKING:
    from samlocal.project.apis import Authorizer

METHOD_ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdefghij/dev/GET/items/7"


def make_request(*headers: tuple[str, str], query: str = "", method: str = "GET") -> HttpRequest:
    return HttpRequest(
        method=method,
        path="/items/7",
        query=query,
        headers=headers,
        body=b"",
        source_ip="127.0.0.1",
        host="localhost:3000",
        port=3000,
        scheme="http",
        received=1_700_000_000.0,
        request_id="11111111-1111-4111-8111-111111111111",
        trace_header="Root=1-5759e988-bd862e3fe1be46a994272793",
    )


def make_api(kind: ApiKind = ApiKind.REST) -> Api:
    return Api(kind=kind, full_path="Shop", identifier="abcdefghij", stage="dev", routes=())


def make_route(authorizer: Authorizer | None, scopes: tuple[str, ...] = ()) -> Route:
    integration = FunctionIntegration(
        target=FunctionTarget(function="Items"), payload="1.0", timeout_ms=29_000
    )
    return Route(
        method="GET",
        path="/items/{id}",
        integration=integration,
        authorizer=authorizer,
        scopes=scopes,
    )


def make_authorizer(**changed: Any) -> LambdaAuthorizer:  # noqa: ANN401  # fields of any type
    fields: dict[str, Any] = {
        "name": "Guard",
        "target": FunctionTarget(function="GuardFunction"),
        "kind": "REQUEST",
        "payload": "1.0",
        "identity_sources": ("method.request.header.Authorization",),
        "cache_seconds": 0,
    }
    return LambdaAuthorizer(**(fields | changed))


def rest_event(**changed: object) -> dict[str, Any]:
    return {
        "resource": "/items/{id}",
        "path": "/items/7",
        "httpMethod": "GET",
        "headers": {"Authorization": "secret"},
        "multiValueHeaders": {"Authorization": ["secret"]},
        "queryStringParameters": {"q": "tea"},
        "multiValueQueryStringParameters": {"q": ["tea"]},
        "pathParameters": {"id": "7"},
        "stageVariables": {"tenant": "blue"},
        "requestContext": {
            "accountId": "123456789012",
            "httpMethod": "GET",
            "identity": {"sourceIp": "127.0.0.1", "user": None},
            "requestTimeEpoch": 1_700_000_000_000,
        },
        "body": "text",
        "isBase64Encoded": False,
    } | changed


def http_event(**changed: object) -> dict[str, Any]:
    return {
        "version": "2.0",
        "routeKey": "GET /items/{id}",
        "rawPath": "/dev/items/7",
        "rawQueryString": "q=tea",
        "cookies": ["a=1"],
        "headers": {"authorization": "secret"},
        "queryStringParameters": {"q": "tea"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdefghij",
            "domainName": "localhost",
            "domainPrefix": "localhost",
            "http": {
                "method": "GET",
                "path": "/dev/items/7",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "curl/8",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "GET /items/{id}",
            "stage": "dev",
            "time": "14/Nov/2023:22:13:20 +0000",
            "timeEpoch": 1_700_000_000_000,
        },
        "pathParameters": {"id": "7"},
        "stageVariables": {"tenant": "blue"},
        "body": "text",
        "isBase64Encoded": False,
    } | changed
