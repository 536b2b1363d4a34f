"""The responses of the protocol, and its error types.

https://github.com/aws/aws-lambda-runtime-interface-emulator/tree/main/internal/lambda/rapi/rendering
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from samlocal.invocation import MAX_PAYLOAD_BYTES
from samlocal.runtime_api.http_messages import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from samlocal.invocation import Invocation
    from samlocal.runtime_api.http_messages import Request
    from samlocal.runtime_api.state import InvalidStateTransitionError


def json_response(status: int, content: Mapping[str, str]) -> Response:
    return Response(
        status=status,
        body=json.dumps(content).encode() + b"\n",
        headers={"Content-Type": "application/json"},
    )


def error_response(status: int, error_type: str, message: str) -> Response:
    return json_response(status, {"errorMessage": message, "errorType": error_type})


def lambda_api_error(status: int, error_type: str, message: str) -> Response:
    """Return an error in the form of Lambda's API, whose message SDKs show.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
    """
    kind = "User" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "Server"
    return Response(
        status=status,
        body=json.dumps({"Type": kind, "Message": message}).encode(),
        headers={"Content-Type": "application/json", "x-amzn-ErrorType": error_type},
    )


PONG: Final = Response(status=200, body=b"pong", headers={"Content-Type": "text/plain"})
ACCEPTED: Final = json_response(202, {"status": "OK"})
INVALID_REQUEST_ID: Final = error_response(400, "InvalidRequestID", "Invalid request ID")
INVALID_RESPONSE_MODE: Final = error_response(
    400, "InvalidFunctionResponseMode", "Invalid function response mode"
)
TRUNCATED_REQUEST: Final = error_response(
    400, "TruncatedHTTPRequest", "HTTP request detected as truncated"
)
REQUEST_ENTITY_TOO_LARGE: Final = error_response(
    413,
    "RequestEntityTooLarge",
    f"Exceeded maximum allowed payload size ({MAX_PAYLOAD_BYTES} bytes).",
)
INVOKE_TIMEOUT: Final = error_response(410, "InvokeTimeout", "Invoke timeout")
NOT_FOUND: Final = Response(
    status=404, body=b"404 page not found\n", headers={"Content-Type": "text/plain"}
)
NO_LAMBDA_ENDPOINT: Final = lambda_api_error(
    404,
    "EndpointNotFoundException",
    "No endpoint of Lambda's API runs for this function."
    " `samlocal local start-lambda` starts one for the functions of a project.",
)


def method_not_allowed(allowed: Iterable[str]) -> Response:
    return Response(status=405, body=b"", headers={"Allow": ", ".join(allowed)})


def invalid_state_transition(error: InvalidStateTransitionError) -> Response:
    return error_response(403, "InvalidStateTransition", str(error))


def invocation_event(invocation: Invocation, deadline_ms: int, request: Request) -> Response:
    """Return the response to `request` for the next event: the payload, with the invocation's data in headers."""
    headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
        "Lambda-Runtime-Trace-Id": invocation.trace_id,
        "Lambda-Runtime-Client-Context": invocation.client_context,
        "Lambda-Runtime-Cognito-Identity": invocation.cognito_identity,
        "Lambda-Runtime-Aws-Tenant-Id": invocation.tenant_id,
    }
    return Response(
        status=200,
        body=invocation.payload
        if invocation.domain_name is None
        else _readdressed(invocation.payload, invocation.domain_name, request.header("host")),
        headers={name: value for name, value in headers.items() if value},
    )


def _readdressed(payload: bytes, domain_name: str, host: str | None) -> bytes:
    """Return a payload with the host that the runtime has called in its members `domainName`.

    Nothing in a text of the payload looks like such a member, because its quotes are escaped.
    """
    if host is None:  # HTTP/1.0
        return payload
    return payload.replace(_domain_name(domain_name), _domain_name(host))


def _domain_name(host: str) -> bytes:
    return f'"domainName":{json.dumps(host)}'.encode()
