"""Responses to handshakes that are refused, and to requests that the management endpoint refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from samlocal.http_api.exchange import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.http_api.authorization import Refused

# Status, error type and body by the type of a gateway response:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
_REFUSALS: Final[Mapping[str, tuple[int, str, Mapping[str, str | None]]]] = {
    "UNAUTHORIZED": (401, "UnauthorizedException", {"message": "Unauthorized"}),
    "ACCESS_DENIED": (
        403,
        "AccessDeniedException",
        {"Message": "User is not authorized to access this resource"},
    ),
    "AUTHORIZER_FAILURE": (500, "AuthorizerFailureException", {"message": None}),
    "AUTHORIZER_CONFIGURATION_ERROR": (
        500,
        "AuthorizerConfigurationException",
        {"message": None},
    ),
    "MISSING_AUTHENTICATION_TOKEN": (
        403,
        "MissingAuthenticationTokenException",
        {"message": "Missing Authentication Token"},
    ),
    "INVALID_API_KEY": (403, "ForbiddenException", {"message": "Forbidden"}),
}
_EXPLICIT: Final = " with an explicit deny"


def refusal_of(refused: Refused, request_id: str) -> HttpResponse:
    """Return the response for a client that an authorizer does not let in."""
    status, error_type, content = _REFUSALS[refused.kind]
    suffix = _EXPLICIT if refused.is_explicit_deny else ""
    said = {
        key: f"{refused.message or text}{suffix}" if text else text for key, text in content.items()
    }
    response = error_response(status, error_type, said, request_id)
    headers = (*response.headers, *refused.headers.items())
    return HttpResponse(status=status, headers=headers, body=response.body)


def missing_token(request_id: str) -> HttpResponse:
    """Return what a WebSocket API answers to all other requests."""
    status, error_type, content = _REFUSALS["MISSING_AUTHENTICATION_TOKEN"]
    return error_response(status, error_type, content, request_id)


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
