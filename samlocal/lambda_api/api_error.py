"""An error that a client of the API gets, and what it gets for errors of samlocal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.errors import (
    AmbiguousFunctionError,
    CacheError,
    EnvironmentBusyError,
    EnvironmentUnusableError,
    EventError,
    FunctionNotFoundError,
    HostNotReachableError,
    ImageArchitectureError,
    ImageBuildError,
    ImageNotFoundError,
    InvalidParameterValueError,
    LaunchError,
    NetworkNotFoundError,
    OutputError,
    PortInUseError,
    SandboxError,
    ThrottledError,
    UnusableImageError,
)
from samlocal.lambda_api import error_types

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.errors import SamlocalError
    from samlocal.lambda_api.error_types import ErrorType

_RETRY_AFTER_SECONDS: Final = 1

# A client tries again after a 5xx, which can mend these only.
_PASSING: Final = (
    CacheError,
    EnvironmentBusyError,
    EnvironmentUnusableError,
    OutputError,
    SandboxError,
)
_LASTING: Final = (
    HostNotReachableError,
    ImageArchitectureError,
    ImageBuildError,
    ImageNotFoundError,
    LaunchError,
    NetworkNotFoundError,
    PortInUseError,
    UnusableImageError,
)
_BY_CLASS: Final = (
    (InvalidParameterValueError, error_types.INVALID_PARAMETER_VALUE),
    (AmbiguousFunctionError, error_types.INVALID_PARAMETER_VALUE),
    (FunctionNotFoundError, error_types.RESOURCE_NOT_FOUND),
    (EventError, error_types.INVALID_REQUEST_CONTENT),
    (_LASTING, error_types.RESOURCE_CONFLICT),
    (_PASSING, error_types.SERVICE),
)


class LambdaApiError(Exception):
    """An error of Lambda's API; `members` are in its body beside `Type` and the message."""

    def __init__(
        self,
        error_type: ErrorType,
        message: str,
        *,
        members: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.members = members or {}
        self.headers = headers or {}


def api_error(error: SamlocalError) -> LambdaApiError:
    """Return the error of the API for one of samlocal's.

    What a later attempt may mend is a `ServiceException`, of status 500. The rest, such as code that does not
    exist, is a `ResourceConflictException`, Lambda's answer for a function that is not active:
    https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
    """
    if isinstance(error, ThrottledError):
        return _throttled(error)
    matches = (error_type for classes, error_type in _BY_CLASS if isinstance(error, classes))
    error_type = next(matches, error_types.RESOURCE_CONFLICT)
    return LambdaApiError(error_type, told(error))


def told(error: SamlocalError) -> str:
    """Return the message of an error with its place and hint."""
    return f"{error} ({error.hint})" if error.hint else str(error)


def _throttled(error: ThrottledError) -> LambdaApiError:
    return LambdaApiError(
        error_types.TOO_MANY_REQUESTS,
        "Rate Exceeded.",
        members={"Reason": error.reason},
        headers={"Retry-After": str(_RETRY_AFTER_SECONDS)},
    )
