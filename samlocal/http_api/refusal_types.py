"""Refusals of REST and WebSocket APIs: the status, the type and the message of what a client gets.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html

Bodies and types are as recorded on AWS:
https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/test_apigateway_common.snapshot.json
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.http_api.authorization import Refused


class ErrorType(NamedTuple):
    """A type of gateway response, its status, its `x-amzn-ErrorType` and its message, which may be null.

    `member` is the name of the message in the body, and `space` what follows its colon.
    """

    name: str
    status: int
    exception: str
    message: str | None
    member: str = "message"
    space: str = ""


MISSING_AUTHENTICATION_TOKEN: Final = ErrorType(
    "MISSING_AUTHENTICATION_TOKEN",
    403,
    "MissingAuthenticationTokenException",
    "Missing Authentication Token",
)
REFUSALS: Final[Mapping[str, ErrorType]] = {
    each.name: each
    for each in (
        MISSING_AUTHENTICATION_TOKEN,
        ErrorType("INVALID_API_KEY", 403, "ForbiddenException", "Forbidden"),
        ErrorType("THROTTLED", 429, "TooManyRequestsException", "Too Many Requests"),
        ErrorType("QUOTA_EXCEEDED", 429, "LimitExceededException", "Limit Exceeded"),
        ErrorType("UNAUTHORIZED", 401, "UnauthorizedException", "Unauthorized"),
        ErrorType(
            "ACCESS_DENIED",
            403,
            "AccessDeniedException",
            "User is not authorized to access this resource",
            member="Message",
        ),
        ErrorType("AUTHORIZER_FAILURE", 500, "AuthorizerFailureException", None),
        ErrorType("AUTHORIZER_CONFIGURATION_ERROR", 500, "AuthorizerConfigurationException", None),
    )
}


def refusal_message(refused: Refused) -> str | None:
    """Return the message for a client: the refusal's own, or that of its type."""
    message = REFUSALS[refused.kind].message
    if refused.message is None and refused.is_explicit_deny:
        return f"{message} with an explicit deny"
    return message if refused.message is None else refused.message
