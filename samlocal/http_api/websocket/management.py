"""The endpoint `@connections`, through which functions reach clients.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
Requests need not be signed.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.websocket.connection import NORMAL, Connection, ConnectionGoneError
from samlocal.http_api.websocket.identifiers import is_identifier
from samlocal.http_api.websocket.refusals import (
    error_response,
    missing_token,
    payload_too_large,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.http_api.exchange import HttpRequest
    from samlocal.http_api.websocket.limits import Limits

_COMMAND: Final = "@connections"


class ConnectionsEndpoint:
    """Answers requests about the connections of one API, which others add and remove."""

    def __init__(self, stage: str, connections: Mapping[str, Connection], limits: Limits) -> None:
        self._stage = stage
        self._connections = connections
        self._limits = limits

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """Send a message to a client (`POST`), describe a connection (`GET`), or close one (`DELETE`).

        Errors are those of the service's model; 429 means that the client does not read:
        https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
        A connection that has gone, or whose `$connect` has not returned, is a 410 with an empty body, as SDKs show:
        https://repost.aws/knowledge-center/410-gone-api-gateway
        """
        request_id = request.request_id
        connection_id = self.connection_id(request.path)
        if connection_id is None or request.method not in ("POST", "GET", "DELETE"):
            return missing_token(request_id)
        if not is_identifier(connection_id):
            content = {"message": f"Invalid connectionId: {connection_id}"}
            return error_response(400, "BadRequestException", content, request_id)
        if len(request.body) > self._limits.message_bytes:
            return payload_too_large(request_id)
        try:
            return await self._perform(request, self._find(connection_id))
        except ConnectionGoneError:
            return error_response(410, "GoneException", None, request_id)
        except TimeoutError:
            return error_response(429, "LimitExceededException", None, request_id)

    def has_connection(self, path: str) -> bool:
        """Return whether the path of a request is for a connection of this API."""
        return self.connection_id(path) in self._connections

    def _find(self, connection_id: str) -> Connection:
        connection = self._connections.get(connection_id)
        if connection is None or not connection.is_open:
            raise ConnectionGoneError
        return connection

    def connection_id(self, path: str) -> str | None:
        """Return the id in a path such as `/@connections/ID` or `/STAGE/@connections/ID`; None if it is another."""
        segments = [unquote(segment) for segment in path.split("/") if segment]
        if segments[:1] == [self._stage]:
            segments = segments[1:]
        if len(segments) != 2 or segments[0] != _COMMAND:  # noqa: PLR2004  # the command and the id
            return None
        return segments[1]

    async def _perform(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        headers = [("x-amzn-RequestId", request.request_id)]
        if request.method == "POST":
            async with asyncio.timeout(self._limits.send_seconds):
                # The service sends text frames only.
                await connection.send_text(request.body.decode(errors="replace"))
            return HttpResponse(status=200, headers=headers)
        if request.method == "DELETE":
            connection.close(NORMAL)
            return HttpResponse(status=204, headers=headers)
        body = json.dumps(_describe(connection), separators=(",", ":")).encode()
        headers.append(("Content-Type", "application/json"))
        return HttpResponse(status=200, headers=headers, body=body)


def _describe(connection: Connection) -> dict[str, object]:
    facts = connection.facts
    identity = {"sourceIp": facts.source_ip}
    if facts.user_agent is not None:
        identity["userAgent"] = facts.user_agent
    return {
        "connectedAt": _iso(facts.connected_ms),
        "identity": identity,
        "lastActiveAt": _iso(connection.last_active_ms),
    }


def _iso(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"
