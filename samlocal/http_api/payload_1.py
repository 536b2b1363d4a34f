"""The event of payload format 1.0: for REST APIs, for HTTP APIs that ask for it, and for authorizers.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.http_api.event_values import (
    collect_values,
    domain_prefix,
    query_pairs,
    request_time,
)
from samlocal.project.apis import DEFAULT_STAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.http_api.authorization import Event
    from samlocal.http_api.exchange import Headers, HttpRequest
    from samlocal.project.apis import Api

_ID_ALPHABET: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


@frozen
class EventTarget:
    """What an event says about the route: its path as in the template, and what API Gateway knows of it.

    `resource_id` is None in HTTP APIs. `version` is `1.0` there, and missing in REST APIs.
    """

    resource: str
    resource_id: str | None
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    operation_name: str | None = None
    version: str | None = None


def build_event(
    api: Api,
    request: HttpRequest,
    target: EventTarget,
    *,
    headers: Headers,
    account_id: str,
    has_binary_body: bool,
) -> Event:
    """Return the event of a request, without an authorizer's context.

    `headers` are those that the function gets. A binary body is in base64. Each member is there, null if it is empty.
    """
    single_headers, all_headers = collect_values(headers)
    single_query, whole_query = collect_values(query_pairs(request.query))
    event: Event = {} if target.version is None else {"version": target.version}
    event |= {
        "resource": target.resource,
        "path": _event_path(api, request),
        "httpMethod": request.method,
        "headers": single_headers or None,
        "multiValueHeaders": all_headers or None,
        "queryStringParameters": single_query or None,
        "multiValueQueryStringParameters": whole_query or None,
        "pathParameters": dict(target.path_parameters) or None,
        "stageVariables": dict(api.variables) or None,
        "requestContext": request_context(api, request, target, account_id=account_id),
        "body": encode_body(request.body, is_binary=has_binary_body),
        "isBase64Encoded": has_binary_body and bool(request.body),
    }
    return event


def request_context(
    api: Api, request: HttpRequest, target: EventTarget, *, account_id: str
) -> Event:
    """Return the event's `requestContext`, in a form that the caller may complete."""
    context: Event = {
        "accountId": account_id,
        "apiId": api.identifier,
        "deploymentId": short_id(api.identifier, "deployment"),
        "domainName": request.host,
        "domainPrefix": domain_prefix(request.host) or api.identifier,
        "extendedRequestId": extended_request_id(request.request_id),
        "httpMethod": request.method,
        "identity": {
            "accessKey": None,
            "accountId": None,
            "caller": None,
            "cognitoAuthenticationProvider": None,
            "cognitoAuthenticationType": None,
            "cognitoIdentityId": None,
            "cognitoIdentityPoolId": None,
            "principalOrgId": None,
            "sourceIp": request.source_ip,
            "user": None,
            "userAgent": request.header("user-agent"),
            "userArn": None,
        },
        "path": context_path(api, request),
        "protocol": request.protocol,
        "requestId": request.request_id,
        "requestTime": request_time(request.received),
        "requestTimeEpoch": int(request.received * 1000),
        "resourceId": target.resource_id,
        "resourcePath": target.resource,
        "stage": api.stage,
    }
    if target.version is not None:
        del context["deploymentId"]
    if target.operation_name is not None:
        context["operationName"] = target.operation_name
    return context


def encode_body(body: bytes, *, is_binary: bool) -> str | None:
    """Return a body as the event has it; bytes of a text that are not UTF-8 are lost, as in API Gateway."""
    if not body:
        return None
    return base64.b64encode(body).decode() if is_binary else body.decode(errors="replace")


def extended_request_id(request_id: str) -> str:
    """Return the id of a request's header `x-amz-apigw-id`, such as `JKJaXmPLvHcESHA=`."""
    return base64.b64encode(hashlib.blake2b(request_id.encode(), digest_size=11).digest()).decode()


@lru_cache(maxsize=1024)
def short_id(*names: str) -> str:
    """Return an id of six letters and digits, as resources have; it is always the same for the same names."""
    number = int.from_bytes(hashlib.blake2b("\0".join(names).encode(), digest_size=8).digest())
    digits = []
    for _ in range(6):
        number, digit = divmod(number, len(_ID_ALPHABET))
        digits.append(_ID_ALPHABET[digit])
    return "".join(digits)


def context_path(api: Api, request: HttpRequest) -> str:
    """Return the path with the stage, or with the base path of a custom domain that the request used."""
    if request.prefix:
        return request.prefix + request.path
    return request.path if api.stage == DEFAULT_STAGE else f"/{api.stage}{request.path}"


def _event_path(api: Api, request: HttpRequest) -> str:
    """Return the path with one slash at its start; behind a custom domain it has the base path."""
    path = "/" + request.path.lstrip("/")
    is_base = request.prefix and request.prefix.strip("/") in api.base_paths
    return request.prefix + path if is_base else path
