"""The events of Lambda authorizers, from those of the functions behind them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html#http-api-lambda-authorizer.payload-format
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.http_api.forwarded_headers import forwarded_headers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.http_api.authorization import Event
    from samlocal.http_api.exchange import HttpRequest

_BODY: Final = frozenset({"body", "isBase64Encoded"})
_UNKNOWN_IDENTITY: Final = (
    "accessKey",
    "accountId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "user",
    "userArn",
)


def token_event(token: str, method_arn: str) -> Event:
    """Return the event of a TOKEN authorizer."""
    return {"type": "TOKEN", "methodArn": method_arn, "authorizationToken": token}


def request_event(event: Event, method_arn: str) -> Event:
    """Return the event of a REQUEST authorizer in a REST or WebSocket API, from the 1.0 event of the function."""
    return {"type": "REQUEST", "methodArn": method_arn, **_without_body(event)}


def http_request_event(event: Event, method_arn: str, identity: Sequence[str]) -> Event:
    """Return the event of version 2.0, of an authorizer in an HTTP API, from the 2.0 event of the function."""
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": method_arn,
        "identitySource": [*identity] or None,
        **_without_body(event),
    }


def old_http_request_event(
    event: Event, method_arn: str, identity: Sequence[str], request: HttpRequest, resource: str
) -> Event:
    """Return the event of version 1.0, of an authorizer in an HTTP API, from the 2.0 event of the function.

    `resource` is the path of the route as in the template. Headers are those of the function's event of version 1.0.
    """
    context = event.get("requestContext") or {}
    http = context.get("http") or {}
    source = ",".join(identity) or None
    return {
        "version": "1.0",
        "type": "REQUEST",
        "methodArn": method_arn,
        "identitySource": source,
        "authorizationToken": source,
        "resource": resource,
        "path": request.path,
        "httpMethod": request.method,
        "headers": dict(forwarded_headers(request)),
        "queryStringParameters": event.get("queryStringParameters") or {},
        "pathParameters": event.get("pathParameters") or {},
        "stageVariables": event.get("stageVariables") or {},
        "requestContext": {
            **{
                name: context.get(name)
                for name in ("accountId", "apiId", "domainName", "domainPrefix", "requestId")
            },
            "extendedRequestId": context.get("requestId"),
            "httpMethod": request.method,
            "identity": {
                **dict.fromkeys(_UNKNOWN_IDENTITY),
                "sourceIp": request.source_ip,
                "userAgent": http.get("userAgent"),
            },
            "path": request.path,
            "protocol": http.get("protocol"),
            "requestTime": context.get("time"),
            "requestTimeEpoch": context.get("timeEpoch"),
            "resourceId": None,
            "resourcePath": resource,
            "stage": context.get("stage"),
        },
    }


def _without_body(event: Event) -> Event:
    return {name: value for name, value in event.items() if name not in _BODY}
