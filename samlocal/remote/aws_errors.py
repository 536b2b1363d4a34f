"""Errors of boto3 as errors of samlocal: what AWS says, and what helps."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from samlocal.errors import RemoteError, UsageError
from samlocal.frozen_dataclass import frozen
from samlocal.suggestions import installation_of_extra

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MISSING_CREDENTIALS: Final = (
    "AWS_PROFILE or `--profile` names a profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)
_MAY_HAVE_RUN: Final = "the function may have run: samlocal does not invoke it again"
_REFUSED_CREDENTIALS: Final = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "ForbiddenException"})
_THROTTLED: Final = frozenset(
    {"RequestLimitExceeded", "Throttling", "ThrottlingException", "TooManyRequestsException"}
)
# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
_LIMITS: Final[Mapping[str, str]] = {
    "CallerRateLimitExceeded": "you call Lambda too often: wait a moment",
    "ConcurrentInvocationLimitExceeded": "all of the account's concurrency in the Region is in use",
    "FunctionInvocationRateLimitExceeded": "the account invokes functions too often: wait a moment",
    "ReservedFunctionConcurrentInvocationLimitExceeded": "all of the function's reserved concurrency"
    " is in use, or it is 0",
    "ReservedFunctionInvocationRateLimitExceeded": "the function is invoked too often: wait a moment",
}


@frozen
class Request:
    """What is asked of AWS, for messages: the verb phrase, the permission that it needs, and the Region."""

    action: str
    permission: str
    region: str
    not_found: str | None = None
    not_found_hint: str | None = None


@contextmanager
def translated_errors(request: Request) -> Iterator[None]:
    """Turn what boto3 raises into an error of samlocal.

    Raises:
        UsageError: A parameter has a value that Lambda does not take.
        RemoteError: AWS cannot be reached, or refuses the request.
    """
    exceptions = import_module("botocore.exceptions")
    try:
        yield
    except exceptions.ClientError as error:
        raise _refusal(error, request) from error
    except exceptions.ParamValidationError as error:
        reasons = str(error).partition("\n")[2].replace("\n", "; ")
        raise UsageError(f"AWS cannot {request.action}: {reasons}") from error
    except exceptions.BotoCoreError as error:
        raise _failure(error, request, exceptions) from error
    except _unreadable() as error:
        message = f"cannot {request.action}: the answer cannot be read: {error}"
        raise RemoteError(message, hint=_MAY_HAVE_RUN) from error
    except ValueError as error:  # a malformed URL
        raise RemoteError(f"AWS cannot be asked to {request.action}: {error}") from error


def _unreadable() -> tuple[type[Exception], ...]:
    """Return the errors of answers that break off or are not what they should be; botocore passes some on."""
    names = (
        ("botocore.eventstream", "ParserError"),
        ("botocore.parsers", "ResponseParserError"),
        ("urllib3.exceptions", "HTTPError"),
    )
    return tuple(getattr(import_module(module), name) for module, name in names)


def code_of(error: BaseException | None) -> str:
    """Return Lambda's or another service's name of a `ClientError`; empty for any other error."""
    answer: Mapping[str, Any] = getattr(error, "response", {})
    return str(answer.get("Error", {}).get("Code", ""))


def _refusal(error: Any, request: Request) -> RemoteError:  # noqa: ANN401  # boto3 has no types
    code, answer = code_of(error), error.response
    said = str(answer.get("Error", {}).get("Message") or answer.get("Message") or "")
    text = f"{code}: {said}" if said else code
    if code == "ResourceNotFoundException" and request.not_found:
        return RemoteError(f"{request.not_found}: {said}", hint=request.not_found_hint)
    if code in _EXPIRED:
        hint = "get new ones, with `aws sso login` or `aws login` if the profile signs in"
        return RemoteError(f"the AWS credentials are expired: {text}", hint=hint)
    if code in _REFUSED_CREDENTIALS:
        return RemoteError(
            f"AWS does not accept the credentials: {text}", hint=_MISSING_CREDENTIALS
        )
    if code in _DENIED:
        hint = f"the credentials need the permission `{request.permission}`"
        return RemoteError(f"AWS does not allow to {request.action}: {text}", hint=hint)
    if code in _THROTTLED:
        hint = _LIMITS.get(str(answer.get("Reason")), "try again in a moment")
        return RemoteError(f"AWS throttles: cannot {request.action}: {text}", hint=hint)
    return RemoteError(f"AWS cannot {request.action}: {text}")


def _failure(error: Exception, request: Request, exceptions: Any) -> RemoteError:  # noqa: ANN401  # boto3 has no types
    """Return the error for what went wrong before there was an answer, or within it."""

    def is_any(*names: str) -> bool:  # some versions of botocore lack some of them
        return any(isinstance(error, getattr(exceptions, each, ())) for each in names)

    message = f"cannot {request.action}: {error}"
    hint = None
    if is_any("MissingDependencyException"):
        hint = f"{installation_of_extra('aws')} installs it"
    elif is_any("NoCredentialsError", "PartialCredentialsError"):
        message = f"no AWS credentials to {request.action}: {error}"
        hint = _MISSING_CREDENTIALS
    elif is_any("CredentialRetrievalError"):
        hint = "`aws sts get-caller-identity` tells whether the profile works"
    elif is_any("SSOError", "TokenRetrievalError", "LoginError"):
        hint = "`aws sso login` or `aws login` signs in again"
    elif is_any("ReadTimeoutError", "ConnectionClosedError", "ResponseStreamingError"):
        hint = _MAY_HAVE_RUN
    elif is_any("InvalidRegionError"):
        message = f"`{request.region}` is not an AWS Region"
        hint = "a Region looks like `eu-central-1`"
    elif is_any("HTTPClientError", "ConnectionError"):
        message = f"AWS cannot be reached in {request.region}: {error}"
        hint = "check the network, the Region and, if one is set, the endpoint's URL"
    return RemoteError(message, hint=hint)
