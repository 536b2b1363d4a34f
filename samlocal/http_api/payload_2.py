"""The event of payload format 2.0: HTTP APIs and function URLs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-request-payload

Members that would be empty are absent, except for `rawQueryString`.
"""

from __future__ import annotations

import base64
from dataclasses import field
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from samlocal.frozen_dataclass import frozen
from samlocal.http_api.event_values import collect_values, query_pairs, request_time
from samlocal.http_api.request_headers import join_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.http_api.authorization import Event
    from samlocal.http_api.exchange import HttpRequest

_TEXT_TYPES: Final = frozenset({"application/json", "application/xml", "application/javascript"})


@frozen
class EventRoute:
    """What an event tells about the API and the route of its request.

    `raw_path` is the event's `rawPath`, `path` that of `requestContext.http`: both begin with the name of a named
    stage. `has_cookie_header` is true where cookies are also among the headers.
    """

    account_id: str
    api_id: str
    domain_prefix: str
    stage: str
    key: str
    raw_path: str
    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    has_cookie_header: bool = False


def build_event(request: HttpRequest, route: EventRoute, headers: Mapping[str, list[str]]) -> Event:
    """Return the event of a request without an authorizer's context; `headers` are those of `collect_headers`."""
    joined = join_values(headers)
    cookies = _split_cookies(headers.get("cookie", ()))
    if not route.has_cookie_header:
        joined.pop("cookie", None)
    event: Event = {
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": route.raw_path,
        "rawQueryString": request.query,
    }
    if cookies:
        event["cookies"] = cookies
    event["headers"] = joined
    if query := read_query(request.query):
        event["queryStringParameters"] = query
    event["requestContext"] = _request_context(request, route, joined.get("user-agent", ""))
    if route.parameters:
        event["pathParameters"] = dict(route.parameters)
    if request.body:
        event["body"], event["isBase64Encoded"] = encode_body(
            request.body, joined.get("content-type", "")
        )
    else:
        event["isBase64Encoded"] = False
    if route.variables:
        event["stageVariables"] = dict(route.variables)
    return event


def read_query(query: str) -> dict[str, str]:
    """Return the decoded parameters of a query; several values of one are joined by commas."""
    _, every = collect_values(query_pairs(query))
    return {name: ",".join(values) for name, values in every.items()}


def encode_body(body: bytes, content_type: str) -> tuple[str, bool]:
    """Return a body as it is in an event, and whether that is Base64.

    Only text, JSON, XML and JavaScript are text: not forms, and not a body without a type. Bytes that are not UTF-8
    are Base64, too.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type in _TEXT_TYPES or media_type.startswith("text/"):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def decode_path(path: str) -> str:
    """Return a path as `requestContext.http.path` of a function URL has it: decoded, whatever it is."""
    return unquote(path) if "%" in path else path


def _request_context(request: HttpRequest, route: EventRoute, user_agent: str) -> Event:
    return {
        "accountId": route.account_id,
        "apiId": route.api_id,
        "domainName": request.host,
        "domainPrefix": route.domain_prefix,
        "http": {
            "method": request.method,
            "path": route.path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": user_agent,
        },
        "requestId": request.request_id,
        "routeKey": route.key,
        "stage": route.stage,
        "time": request_time(request.received),
        "timeEpoch": int(request.received * 1000),
    }


def _split_cookies(values: list[str] | tuple[()]) -> list[str]:
    parts = (part.strip() for value in values for part in value.split(";"))
    return [part for part in parts if part]
