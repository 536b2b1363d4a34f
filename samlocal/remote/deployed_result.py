"""What came of a call of a deployed function, in the words of a run on this machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.invocation import read_error

if TYPE_CHECKING:
    from samlocal.invocation import FunctionError, JsonObject, Outcome

_TIMED_OUT: Final = re.compile(r"Task timed out after [0-9.]+ seconds\s*$")
_ENDED: Final = re.compile(
    r"Error: Runtime exited\b|Process exited before completing request|Runtime failed to start"
)
# Errors of a runtime that dies, does not start or cannot load the function; an error of any other type comes
# from a function that ran: https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html and
# https://github.com/aws/aws-lambda-runtime-interface-emulator/blob/develop/internal/lambda/fatalerror/fatalerror.go
_FAILURES: Final = frozenset(
    {
        "InvalidEntrypoint",
        "InvalidTaskConfig",
        "InvalidWorkingDir",
        "PermissionDenied",
        "Runtime.BadFunctionCode",
        "Runtime.ExitError",
        "Runtime.HandlerNotFound",
        "Runtime.ImportModuleError",
        "Runtime.InvalidEntrypoint",
        "Runtime.InvalidTaskConfig",
        "Runtime.InvalidWorkingDir",
        "Runtime.MalformedHandlerName",
        "Runtime.OutOfMemory",
        "Runtime.TruncatedResponse",
        "Runtime.Unknown",
        "Runtime.UserCodeSyntaxError",
        "Sandbox.Failure",
        "SnapStartTimeoutException",
    }
)
_TIMEOUT: Final = "Sandbox.Timedout"


@frozen
class DeployedResult:
    """The end of a call: Lambda's answer without its payload, which the caller has.

    `status` is 200, or 202 for an event that is queued, or 204 for a dry run. `is_incomplete` tells that a
    streamed response broke off with `error`; any other error was itself the response.
    """

    status: int
    outcome: Outcome
    error: FunctionError | None = None
    is_incomplete: bool = False
    answer: JsonObject


def error_of(body: bytes) -> FunctionError:
    """Return the error in the body of a response that Lambda marks as an error."""
    return read_error(body, default_type="Unhandled")


def outcome_of(error: FunctionError | None) -> Outcome:
    """Return how an invocation ended.

    Lambda tells a timeout and the end of a runtime from an error of the function by the type only, and older
    runtimes leave it out.
    """
    if error is None:
        return "success"
    has_type = error.type != "Unhandled"
    if error.type == _TIMEOUT or (not has_type and _TIMED_OUT.search(error.message)):
        return "timeout"
    if error.type in _FAILURES or error.type.startswith("Extension."):
        return "failure"
    if not has_type and _ENDED.search(error.message):
        return "failure"
    return "error"
