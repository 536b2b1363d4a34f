"""The errors of Lambda's API: name, status, whose fault it is, and the member with the text.

The model has most of them: https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html and the errors of
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors. Clients compare the name, and
try again after 429 and 5xx: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from __future__ import annotations

from typing import Final, Literal

from samlocal.frozen_dataclass import frozen


@frozen
class ErrorType:
    """An error of the API. `fault` is the member `Type`, which some errors lack."""

    name: str
    status: int
    fault: Literal["User", "Server"] | None = "User"
    message_member: Literal["message", "Message"] = "message"


ACCESS_DENIED: Final = ErrorType(
    name="AccessDeniedException", status=403, fault=None, message_member="Message"
)
INVALID_PARAMETER_VALUE: Final = ErrorType(name="InvalidParameterValueException", status=400)
INVALID_REQUEST_CONTENT: Final = ErrorType(name="InvalidRequestContentException", status=400)
RECURSIVE_INVOCATION: Final = ErrorType(
    name="RecursiveInvocationException", status=400, message_member="Message"
)
# AWS sends this name; the model has `RequestTooLargeException`.
REQUEST_TOO_LARGE: Final = ErrorType(name="RequestEntityTooLargeException", status=413, fault=None)
RESOURCE_CONFLICT: Final = ErrorType(name="ResourceConflictException", status=409)
RESOURCE_NOT_FOUND: Final = ErrorType(
    name="ResourceNotFoundException", status=404, message_member="Message"
)
SERVICE: Final = ErrorType(
    name="ServiceException", status=500, fault="Server", message_member="Message"
)
TOO_MANY_REQUESTS: Final = ErrorType(name="TooManyRequestsException", status=429)
UNKNOWN_OPERATION: Final = ErrorType(
    name="UnknownOperationException", status=404, fault=None, message_member="Message"
)
VALIDATION: Final = ErrorType(name="ValidationException", status=400, fault=None)

# samlocal's own. The names end as all of Lambda's do, and a status below 500 is not tried again.
FORBIDDEN_HOST: Final = ErrorType(name="ForbiddenHostException", status=403)
UNSUPPORTED_OPERATION: Final = ErrorType(name="UnsupportedOperationException", status=400)
