"""The errors that a REST API answers itself.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html

Bodies and types are as recorded on AWS, also the space after the colon of some:
https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/test_apigateway_common.snapshot.json
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from samlocal.http_api.refusal_types import REFUSALS, ErrorType, refusal_message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.errors import Place
    from samlocal.http_api.authorization import Event, Refused
    from samlocal.http_api.function_back_end import Failure, FailureKind

_BAD_REQUEST: Final = "BadRequestException"
_INTERNAL: Final = "InternalServerErrorException"


class GatewayError(Exception):
    """The gateway answers a request itself.

    `message` replaces that of the type, and `details` are for `$context.error.validationErrorString`. The others are
    for the terminal. `has_begun` is true if the client has already got a part of a response. `event` is set once there
    is one: a gateway response may use what it has, such as an authorizer's context.
    """

    def __init__(
        self,
        error_type: ErrorType,
        *,
        message: str | None = None,
        details: str | None = None,
        reason: str | None = None,
        hint: str | None = None,
        place: Place | None = None,
        headers: Mapping[str, str] | None = None,
        has_begun: bool = False,
    ) -> None:
        super().__init__(reason or message or error_type.message)
        self.error_type = error_type
        self.message = error_type.message if message is None else message
        self.details = details
        self.reason = reason
        self.hint = hint
        self.place = place
        self.headers = headers or {}
        self.has_begun = has_begun
        self.event: Event | None = None

    @property
    def body(self) -> bytes:
        """The body, unless the API has its own."""
        member, space = self.error_type.member, self.error_type.space
        return f'{{"{member}":{space}{json.dumps(self.message)}}}'.encode()


BAD_REQUEST_PARAMETERS: Final = ErrorType(
    "BAD_REQUEST_PARAMETERS", 400, _BAD_REQUEST, "Bad Request", space=" "
)
BAD_REQUEST_BODY: Final = ErrorType(
    "BAD_REQUEST_BODY", 400, _BAD_REQUEST, "Invalid request body", space=" "
)
# An event larger than Lambda takes: https://github.com/koki-develop/lgtm-generator/issues/10
REQUEST_TOO_LARGE: Final = ErrorType(
    "REQUEST_TOO_LARGE", 413, _BAD_REQUEST, "Request Too Long", space=" "
)
UNSUPPORTED_MEDIA_TYPE: Final = ErrorType(
    "UNSUPPORTED_MEDIA_TYPE", 415, _BAD_REQUEST, "Unsupported Media Type", space=" "
)
INTEGRATION_TIMEOUT: Final = ErrorType(
    "INTEGRATION_TIMEOUT", 504, _INTERNAL, "Endpoint request timed out", space=" "
)
INTEGRATION_FAILURE: Final = ErrorType(
    "INTEGRATION_FAILURE", 504, _INTERNAL, "Network error communicating with endpoint", space=" "
)
API_CONFIGURATION_ERROR: Final = ErrorType(
    "API_CONFIGURATION_ERROR", 500, _INTERNAL, "Internal server error", space=" "
)
# "If the function runs but returns an error, or returns a response in the wrong format, API Gateway returns a 502. If
# the Lambda API rejects the invocation request, API Gateway returns a 500", also for a function that is throttled:
# https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway-errors.html
MALFORMED_RESPONSE: Final = ErrorType(
    "DEFAULT_5XX", 502, _INTERNAL, "Internal server error", space=" "
)
INVOCATION_REJECTED: Final = ErrorType(
    "DEFAULT_5XX", 500, _INTERNAL, "Internal server error", space=" "
)
# Not API Gateway's, which would do it: the message says what samlocal does not support.
UNSUPPORTED: Final = ErrorType("DEFAULT_5XX", 501, "NotImplementedException", None)


_FAILURES: Final[Mapping[FailureKind, ErrorType]] = {
    "error": MALFORMED_RESPONSE,
    "throttled": INVOCATION_REJECTED,
    "timeout": INTEGRATION_TIMEOUT,
    "too large": REQUEST_TOO_LARGE,
}


def failure_error(failure: Failure, *, has_begun: bool = False) -> GatewayError:
    """Return the error of a request whose function has no result; `has_begun` is as in `GatewayError`."""
    error_type = INVOCATION_REJECTED if failure.is_missing else _FAILURES[failure.kind]
    return GatewayError(error_type, reason=failure.message, hint=failure.hint, has_begun=has_begun)


def refusal_error(refused: Refused) -> GatewayError:
    """Return the error of a request that an authorizer refuses."""
    return GatewayError(
        REFUSALS[refused.kind],
        message=refusal_message(refused),
        reason=refused.reason,
        headers=refused.headers,
        place=refused.place,
    )
