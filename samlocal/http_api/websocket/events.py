"""The events of the routes of a WebSocket API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-requests.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.http_api.event_values import collect_values, query_pairs, request_time
from samlocal.http_api.forwarded_headers import forwarded_headers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.http_api.authorization import Event
    from samlocal.http_api.exchange import HttpRequest

# The headers of an event `DISCONNECT`, besides `Host`.
_EMPTY_HEADERS: Final = ("x-api-key", "X-Forwarded-For", "x-restapi")
_HTTP_SCHEMES: Final = {"ws": "http", "wss": "https"}


@frozen
class ConnectionFacts:
    """What all events of a connection have in common.

    `connected_ms` is Unix time in milliseconds. `authorizer` is the context that an authorizer gave. `api_key` is an API
    key and its id, which is None for a key that nobody checked.
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
    api_key: tuple[str, str | None] | None = None


@frozen
class EventRequest:
    """One request to a route: its ids, and its Unix time in milliseconds."""

    route_key: str
    request_id: str
    time_ms: int


def connect_event(facts: ConnectionFacts, request: EventRequest, handshake: HttpRequest) -> Event:
    """Return the event of `$connect`, which alone has the headers and the query of the handshake."""
    scheme = _HTTP_SCHEMES.get(handshake.scheme, handshake.scheme)
    headers = forwarded_headers(replace(handshake, scheme=scheme))
    last, every = collect_values(sorted(headers, key=_name_in_lower_case))
    event: Event = {"headers": last, "multiValueHeaders": every}
    if query := query_pairs(handshake.query):
        last, every = collect_values(query)
        event["queryStringParameters"] = last
        event["multiValueQueryStringParameters"] = every
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
    identity: Event = {}
    if facts.api_key is not None:
        identity["apiKey"], identity["apiKeyId"] = facts.api_key
    if facts.user_agent is not None:
        identity["userAgent"] = facts.user_agent
    context: Event = {
        "routeKey": request.route_key,
        **(further or {}),
        "eventType": event_type,
        "extendedRequestId": request.request_id,
        "requestTime": request_time(request.time_ms / 1000),
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


def _name_in_lower_case(header: tuple[str, str]) -> str:
    return header[0].lower()
