"""The events of the routes of a WebSocket API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-requests.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from samlocal.http_api.exchange import HttpRequest

Event = dict[str, Any]

# Of the headers of the handshake, the service keeps these to itself, or writes them anew.
_DROPPED: Final = frozenset(
    ("connection", "upgrade", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port")
) | {"x-forwarded-proto"}
# The headers of an event `DISCONNECT`, besides `Host`.
_EMPTY_HEADERS: Final = ("x-api-key", "X-Forwarded-For", "x-restapi")


@frozen
class ConnectionFacts:
    """What all events of a connection have in common.

    `connected_ms` is Unix time in milliseconds. `authorizer` is the context that an authorizer gave.
    """

    connection_id: str
    connected_ms: int
    domain_name: str
    api_id: str
    stage: str
    source_ip: str
    user_agent: str | None
    variables: Mapping[str, str]
    authorizer: Mapping[str, object] | None = None


@frozen
class EventRequest:
    """One request to a route: its ids, and its Unix time in milliseconds."""

    route_key: str
    request_id: str
    time_ms: int


def connect_event(facts: ConnectionFacts, request: EventRequest, handshake: HttpRequest) -> Event:
    """Return the event of `$connect`, which alone has the headers and the query of the handshake."""
    headers = _group(_handshake_headers(handshake))
    event: Event = {
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
    }
    if handshake.query:
        query = _group(parse_qsl(handshake.query, keep_blank_values=True))
        event["queryStringParameters"] = {name: values[-1] for name, values in query.items()}
        event["multiValueQueryStringParameters"] = query
    event["requestContext"] = _context(facts, request, "CONNECT")
    return _complete(event, facts)


def message_event(
    facts: ConnectionFacts, request: EventRequest, message_id: str, body: str
) -> Event:
    """Return the event of a message of the client, which is always text."""
    context = _context(facts, request, "MESSAGE", {"messageId": message_id})
    return _complete({"requestContext": context, "body": body}, facts)


def disconnect_event(
    facts: ConnectionFacts, request: EventRequest, code: int, reason: str
) -> Event:
    """Return the event of `$disconnect`; its few headers are those that the service sends."""
    headers = {"Host": facts.domain_name} | dict.fromkeys(_EMPTY_HEADERS, "")
    closing = {"disconnectStatusCode": code, "disconnectReason": reason}
    event = {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": _context(facts, request, "DISCONNECT", closing),
    }
    return _complete(event, facts)


def _complete(event: Event, facts: ConnectionFacts) -> Event:
    if facts.variables:
        event["stageVariables"] = dict(facts.variables)
    event["isBase64Encoded"] = False
    return event


def _context(
    facts: ConnectionFacts,
    request: EventRequest,
    event_type: str,
    further: Mapping[str, object] | None = None,
) -> Event:
    identity = {"userAgent": facts.user_agent} if facts.user_agent is not None else {}
    context: Event = {
        "routeKey": request.route_key,
        **(further or {}),
        "eventType": event_type,
        "extendedRequestId": request.request_id,
        "requestTime": format_time(request.time_ms),
        "messageDirection": "IN",
        "stage": facts.stage,
        "connectedAt": facts.connected_ms,
        "requestTimeEpoch": request.time_ms,
        "identity": {**identity, "sourceIp": facts.source_ip},
        "requestId": request.request_id,
        "domainName": facts.domain_name,
        "connectionId": facts.connection_id,
        "apiId": facts.api_id,
    }
    if facts.authorizer is not None:
        context["authorizer"] = dict(facts.authorizer)
    return context


def format_time(milliseconds: int) -> str:
    """Return a Unix time as the service writes it: `29/Nov/2023:08:04:01 +0000`."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{moment:%d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"


# `%b` follows the locale.
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def _handshake_headers(handshake: HttpRequest) -> list[tuple[str, str]]:
    """Return the client's headers and the service's own, by name as the service has them."""
    kept = [(name, value) for name, value in handshake.headers if name.lower() not in _DROPPED]
    kept += [
        ("X-Amzn-Trace-Id", handshake.trace_header),
        ("X-Forwarded-For", handshake.source_ip),
        ("X-Forwarded-Port", str(handshake.port)),
        ("X-Forwarded-Proto", _http_scheme(handshake.scheme)),
    ]
    return sorted(kept, key=lambda header: header[0].lower())


def _http_scheme(scheme: str) -> str:
    return {"ws": "http", "wss": "https"}.get(scheme, scheme)


def _group(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped
