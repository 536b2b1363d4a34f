"""Responses to handshakes that are refused, and to requests that the management endpoint refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.refusal_types import MISSING_AUTHENTICATION_TOKEN, REFUSALS, refusal_message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.http_api.authorization import Refused
    from samlocal.http_api.refusal_types import ErrorType


def refusal_of(refused: Refused, request_id: str) -> HttpResponse:
    """Return the response for a client that an authorizer does not let in."""
    response = _error(REFUSALS[refused.kind], refusal_message(refused), request_id)
    return replace(response, headers=(*response.headers, *refused.headers.items()))


def missing_token(request_id: str) -> HttpResponse:
    """Return what a WebSocket API answers to all other requests."""
    error_type = MISSING_AUTHENTICATION_TOKEN
    return _error(error_type, error_type.message, request_id)


def payload_too_large(request_id: str) -> HttpResponse:
    """Return the error for a message to a client that is too large; its text is not documented."""
    content = {"message": "Payload Too Large"}
    return error_response(413, "PayloadTooLargeException", content, request_id)


def error_response(
    status: int, error_type: str, content: Mapping[str, str | None] | None, request_id: str
) -> HttpResponse:
    """Return an error as the service words it; `content` None is an empty body."""
    headers = [("x-amzn-RequestId", request_id), ("x-amzn-ErrorType", error_type)]
    if content is None:
        return HttpResponse(status=status, headers=headers)
    body = json.dumps(content, separators=(",", ":")).encode()
    return HttpResponse(
        status=status, headers=[("Content-Type", "application/json"), *headers], body=body
    )


def _error(error_type: ErrorType, message: str | None, request_id: str) -> HttpResponse:
    content = {error_type.member: message}
    return error_response(error_type.status, error_type.exception, content, request_id)
