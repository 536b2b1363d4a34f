"""From a request to invoke a function to the call of that function."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from samlocal.context import MAX_CLIENT_CONTEXT_BYTES
from samlocal.errors import EventError, InvalidParameterValueError, UsageError
from samlocal.events import (
    EMPTY_EVENT,
    MAX_ASYNCHRONOUS_EVENT_BYTES,
    MAX_EVENT_BYTES,
    check_payload,
)
from samlocal.lambda_api import error_types
from samlocal.lambda_api.api_error import LambdaApiError
from samlocal.lambda_api.function_lookup import find_function, not_found, version_of
from samlocal.lambda_api.function_reference import read_reference
from samlocal.lambda_api.recursion import RecursiveInvocationError, continue_lineage
from samlocal.lambda_api.validation import check, choice_problems
from samlocal.qualifier import LATEST, function_arn
from samlocal.serving.function_call import FunctionCall
from samlocal.tenancy import check_tenant

if TYPE_CHECKING:
    from samlocal.function import Function
    from samlocal.invocation import InvocationType
    from samlocal.lambda_api.functions import Functions
    from samlocal.lambda_api.request import Request

_ACTION: Final = "lambda:InvokeFunction"
_LOG_TYPES: Final = ("None", "Tail")
_HEADER_TEXT: Final = re.compile(r"[\x20-\x7e]*")


class RequestedCall(NamedTuple):
    """A call that Lambda would accept, of that version; `has_tail` is about the end of the log.

    An event in a recursive loop is accepted as well, and `refused` says that it does not run.
    """

    function: Function
    version: str
    call: FunctionCall
    has_tail: bool
    refused: RecursiveInvocationError | None = None


def read_invocation_type(request: Request, *allowed: InvocationType) -> InvocationType:
    """Return the type of a request to invoke a function, which is the first one by default.

    Raises:
        LambdaApiError: It is none of those allowed.
    """
    text = request.header(b"x-amz-invocation-type")
    if text is None:
        return allowed[0]
    check(choice_problems(text, "invocationType", allowed))
    return next(each for each in allowed if each == text)


async def read_call(
    functions: Functions, request: Request, name: str, *, invocation_type: InvocationType
) -> RequestedCall:
    """Return the call that a request asks for, and begin or continue its lineage.

    Raises:
        LambdaApiError: Lambda would refuse it.
        SamlocalError: The function cannot be found, or calls itself in a loop.
        DisconnectedError: The client hung up before the end of its request.
    """
    reference = read_reference(name, request.parameter("Qualifier"))
    log_type = request.header(b"x-amz-log-type") or "None"
    check(choice_problems(log_type, "logType", _LOG_TYPES))
    is_event = invocation_type == "Event"
    payload = await request.body(MAX_ASYNCHRONOUS_EVENT_BYTES if is_event else MAX_EVENT_BYTES)
    function = await find_function(
        functions,
        reference,
        action=_ACTION,
        missing=lambda arn: not_found(arn, reference.qualifier or LATEST),
    )
    arn = function_arn(function)
    version = version_of(function, reference.qualifier, arn)
    _refuse_durable_execution(request)
    tenant_id = request.header(b"x-amz-tenant-id")
    _check_tenant(function, tenant_id)
    client_context = request.header(b"x-amz-client-context")
    refused = _continue_trace(request, function, arn)
    if refused and not is_event:
        raise refused
    call = FunctionCall(
        function=function.full_path,
        payload=_checked_payload(payload),
        request_id=request.request_id,
        qualifier=reference.qualifier,
        trace_id=request.trace_header,
        client_context=_decoded_context(client_context)
        if client_context and not is_event
        else None,
        tenant_id=tenant_id,
    )
    return RequestedCall(function, version, call, log_type == "Tail", refused)


def _continue_trace(
    request: Request, function: Function, arn: str
) -> RecursiveInvocationError | None:
    """Begin or continue the lineage of a request; return the error if it is a loop that must end."""
    try:
        request.trace_header = continue_lineage(
            request.header(b"x-amzn-trace-id"), arn, is_allowed=function.allows_recursion
        )
    except RecursiveInvocationError as error:
        return error
    return None


def _checked_payload(payload: bytes) -> bytes:
    if not payload:
        return EMPTY_EVENT
    try:
        check_payload(payload)
    except EventError as error:
        at = f" (line {error.place.line}, column {error.place.column})" if error.place else ""
        raise LambdaApiError(
            error_types.INVALID_REQUEST_CONTENT,
            "Could not parse request body into json: Could not parse payload into json:"
            f" {error.message}{at}",
        ) from error
    return payload


def _decoded_context(header: str) -> str:
    """Return the JSON text of a client context, in printable ASCII as in headers of the Runtime API."""
    if len(header) > MAX_CLIENT_CONTEXT_BYTES:
        raise LambdaApiError(
            error_types.INVALID_REQUEST_CONTENT,
            f"Client context must be at most {MAX_CLIENT_CONTEXT_BYTES} bytes of Base64.",
        )
    try:
        text = _decoded(header)
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad_context() from error
    if not isinstance(content, dict):
        raise _bad_context()
    return text if _HEADER_TEXT.fullmatch(text) else json.dumps(content)


def _decoded(header: str) -> str:
    """Return the text in base64 of either alphabet, padded or not, as Lambda takes it."""
    standard = header.translate(str.maketrans("-_", "+/")).rstrip("=")
    return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True).decode()


def _bad_context() -> LambdaApiError:
    return LambdaApiError(
        error_types.INVALID_REQUEST_CONTENT,
        "Client context must be a valid Base64-encoded JSON object.",
    )


def _check_tenant(function: Function, tenant_id: str | None) -> None:
    try:
        check_tenant(function, tenant_id)
    except InvalidParameterValueError as error:
        raise LambdaApiError(error_types.INVALID_PARAMETER_VALUE, error.message) from error
    except UsageError as error:
        raise LambdaApiError(error_types.VALIDATION, f"{error.message}: {error.hint}") from error


def _refuse_durable_execution(request: Request) -> None:
    if request.header(b"x-amz-durable-execution-name") is not None:
        raise LambdaApiError(
            error_types.INVALID_PARAMETER_VALUE,
            "`DurableExecutionName` is for durable functions, which samlocal does not run.",
        )
