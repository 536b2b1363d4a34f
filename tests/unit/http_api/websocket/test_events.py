"""The events of a WebSocket API's routes, compared with those that AWS documents.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-requests.html
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.websocket.events import (
    ConnectionFacts,
    EventRequest,
    connect_event,
    disconnect_event,
    message_event,
)

_HOST = "abcd123.execute-api.us-east-1.amazonaws.com"
_FACTS = ConnectionFacts(
    connection_id="AAAA1234=",
    connected_ms=1_707_502_303_419,
    domain_name=_HOST,
    api_id="abcd1234",
    stage="prod",
    source_ip="192.0.2.1",
    user_agent=None,
    variables={},
)
_HANDSHAKE = HttpRequest(
    method="GET",
    path="/",
    query="",
    headers=(
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "..."),
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
        ("Host", _HOST),
    ),
    body=b"",
    source_ip="192.0.2.1",
    host=_HOST,
    port=443,
    scheme="wss",
    received=1_707_502_303.419,
    request_id="ignored",
    trace_header="Root=1-2-3",
)


def _context(**members: object) -> dict[str, Any]:
    return {
        "extendedRequestId": "ABCD1234=",
        "requestTime": "09/Feb/2024:18:11:43 +0000",
        "messageDirection": "IN",
        "stage": "prod",
        "connectedAt": 1_707_502_303_419,
        "requestTimeEpoch": 1_707_502_303_420,
        "identity": {"sourceIp": "192.0.2.1"},
        "requestId": "ABCD1234=",
        "domainName": _HOST,
        "connectionId": "AAAA1234=",
        "apiId": "abcd1234",
        **members,
    }


def _request(key: str) -> EventRequest:
    return EventRequest(route_key=key, request_id="ABCD1234=", time_ms=1_707_502_303_420)


def test_connect() -> None:
    """The event of `$connect` is AWS's example: the client's headers and the service's, without the upgrade."""
    event = connect_event(_FACTS, _request("$connect"), _HANDSHAKE)
    headers = {
        "Host": _HOST,
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
        "Sec-WebSocket-Key": "...",
        "Sec-WebSocket-Version": "13",
        "X-Amzn-Trace-Id": "Root=1-2-3",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    assert event == {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": _context(routeKey="$connect", eventType="CONNECT"),
        "isBase64Encoded": False,
    }
    assert list(event["headers"]) == list(headers)
    json.dumps(event)


def test_connect_with_query_and_repeated_headers() -> None:
    """A repeated name has its last value in the one mapping, and all of them in the other."""
    headers = (("Host", _HOST), ("X-Tag", "a"), ("X-Tag", "b"), ("X-Forwarded-For", "10.0.0.1"))
    handshake = replace(_HANDSHAKE, query="room=a&room=b+c&empty=&bare", headers=headers)
    event = connect_event(_FACTS, _request("$connect"), handshake)
    assert event["headers"]["X-Tag"] == "b"
    assert event["multiValueHeaders"]["X-Tag"] == ["a", "b"]
    assert event["headers"]["X-Forwarded-For"] == "10.0.0.1, 192.0.2.1"
    assert event["queryStringParameters"] == {"room": "b c", "empty": "", "bare": ""}
    assert event["multiValueQueryStringParameters"] == {
        "room": ["a", "b c"],
        "empty": [""],
        "bare": [""],
    }


def test_message() -> None:
    """The event of a message has its text and its id, and no headers."""
    assert message_event(_FACTS, _request("join"), "PJq=", '{"action":"join"}') == {
        "requestContext": _context(routeKey="join", eventType="MESSAGE", messageId="PJq="),
        "body": '{"action":"join"}',
        "isBase64Encoded": False,
    }


def test_disconnect() -> None:
    """The event of `$disconnect` is AWS's example, with code and reason and four headers."""
    event = disconnect_event(
        _FACTS, _request("$disconnect"), 1005, "Client-side close frame status not set"
    )
    headers = {"Host": _HOST, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
    assert event == {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": _context(
            routeKey="$disconnect",
            eventType="DISCONNECT",
            disconnectStatusCode=1005,
            disconnectReason="Client-side close frame status not set",
        ),
        "isBase64Encoded": False,
    }


def test_optional_members() -> None:
    """User agent, stage variables and an authorizer's context are in each event where there are any."""
    facts = replace(
        _FACTS, user_agent="wscat", variables={"table": "t"}, authorizer={"principalId": "me"}
    )
    for event in (
        connect_event(facts, _request("$connect"), _HANDSHAKE),
        message_event(facts, _request("$default"), "PJq=", "hello"),
        disconnect_event(facts, _request("$disconnect"), 1000, ""),
    ):
        assert event["requestContext"]["identity"] == {
            "userAgent": "wscat",
            "sourceIp": "192.0.2.1",
        }
        assert event["stageVariables"] == {"table": "t"}
        assert event["requestContext"]["authorizer"] == {"principalId": "me"}
