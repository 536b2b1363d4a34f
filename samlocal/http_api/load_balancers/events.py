"""The event of a function that is the target of a load balancer.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html#receive-event-from-load-balancer
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from samlocal.http_api.event_values import collect_values
from samlocal.http_api.payload_2 import encode_body
from samlocal.http_api.request_headers import collect_headers

if TYPE_CHECKING:
    from samlocal.http_api.authorization import Event
    from samlocal.http_api.exchange import HttpRequest


def build_event(request: HttpRequest, target_group: str, *, multi_value_headers: bool) -> Event:
    """Return the event; `target_group` is an ARN.

    Path and query are not decoded. With `multi_value_headers`, headers and parameters are lists under other names;
    without, the last of several values counts. A body that is compressed is Base64, whatever its type.
    """
    headers = collect_headers(request, keeps_forwarded=True)
    event: Event = {
        "requestContext": {"elb": {"targetGroupArn": target_group}},
        "httpMethod": request.method,
        "path": request.prefix + request.path,
    }
    query = _read_query(request.query)
    if multi_value_headers:
        event["multiValueQueryStringParameters"] = query
        event["multiValueHeaders"] = headers
    else:
        event["queryStringParameters"] = {name: values[-1] for name, values in query.items()}
        event["headers"] = {name: values[-1] for name, values in headers.items()}
    event["body"], event["isBase64Encoded"] = _encode(request, headers)
    return event


def _read_query(query: str) -> dict[str, list[str]]:
    parts = (part.partition("=") for part in query.split("&") if part)
    _, every = collect_values((name, value) for name, _, value in parts)
    return every


def _encode(request: HttpRequest, headers: dict[str, list[str]]) -> tuple[str, bool]:
    if not request.body:
        return "", False
    if "content-encoding" in headers:
        return base64.b64encode(request.body).decode(), True
    return encode_body(request.body, headers.get("content-type", [""])[-1])
