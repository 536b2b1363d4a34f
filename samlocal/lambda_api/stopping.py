"""What a request gets that an endpoint cannot finish because it stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.http_server.response import PlainResponse
from samlocal.lambda_api.api_error import LambdaApiError
from samlocal.lambda_api.error_types import ErrorType
from samlocal.lambda_api.request import Request
from samlocal.lambda_api.responses import all_headers, error_response

if TYPE_CHECKING:
    from samlocal.http_server.asgi import Message, Scope

# Of all services, not of Lambda: https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html. Clients try again.
_SERVICE_UNAVAILABLE: Final = ErrorType(
    name="ServiceUnavailable", status=503, fault="Server", message_member="Message"
)
_STOPPING: Final = error_response(LambdaApiError(_SERVICE_UNAVAILABLE, "The endpoint is stopping."))


def stopping_response(scope: Scope) -> PlainResponse:
    """Return the answer, of status 503, with an ID of its own and the trace of the request."""
    request = Request(scope, _receive_nothing, _send_nothing)
    headers = all_headers(
        _STOPPING, request_id=request.request_id, trace_header=request.trace_header
    )
    return PlainResponse(_STOPPING.status, headers, _STOPPING.body)


async def _receive_nothing() -> Message:
    raise NotImplementedError


async def _send_nothing(_message: Message) -> None:
    raise NotImplementedError
