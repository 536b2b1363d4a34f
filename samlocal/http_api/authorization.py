"""Whether a request may reach its route."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from samlocal.aws_account import resource_arn
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.errors import Place
    from samlocal.http_api.exchange import HttpRequest
    from samlocal.project.apis import Api, Route

Event = dict[str, Any]

# Types of gateway responses: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
RefusalType = Literal[
    "UNAUTHORIZED",
    "ACCESS_DENIED",
    "AUTHORIZER_FAILURE",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "MISSING_AUTHENTICATION_TOKEN",
    "INVALID_API_KEY",
    "THROTTLED",
    "QUOTA_EXCEEDED",
]


@frozen
class Allowed:
    """The request may go on.

    `context` is what the event's `requestContext.authorizer` has: in REST APIs `principalId`, `claims` and the
    authorizer's context as text, in HTTP APIs `{"lambda": …}`, `{"jwt": …}` or `{"iam": …}`; None: it has none.
    `api_key` is the authorizer's `usageIdentifierKey`. `identity` has what the signature of a request to a REST or
    WebSocket API adds to `requestContext.identity`.
    """

    context: Mapping[str, object] | None = None
    api_key: str | None = None
    identity: Mapping[str, object] | None = None


@frozen
class Refused:
    """The request is answered without its route.

    `message` None is the type's own, and `headers` are further ones, such as `www-authenticate`. `reason` is for the
    terminal: what was wrong, in a sentence, and at which `place` of a template. `context` is that of an authorizer that
    has denied the request, as `Allowed` has it: gateway responses may use it.
    """

    kind: RefusalType
    message: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None
    is_explicit_deny: bool = False
    context: Mapping[str, object] | None = None
    place: Place | None = None


def method_arn(api: Api, request: str, owner: tuple[str, str]) -> str:
    """Return the ARN of a request such as `GET/items/7`, or of `$connect`, for the Region and the account of `owner`.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
    """
    region, account_id = owner
    resource = f"{api.identifier}/{api.stage}/{request}"
    return resource_arn("execute-api", resource, region=region, account_id=account_id)


class Authorizers(Protocol):
    """Checks requests by the authorizers of their routes; results are cached as the template says."""

    async def check(
        self, api: Api, route: Route, request: HttpRequest, event: Event, method_arn: str
    ) -> Allowed | Refused:
        """Return whether a request may go on.

        `event` is that of the route's function in the payload version of the API's kind (REST and WebSocket APIs 1.0,
        HTTP APIs 2.0), without an authorizer's context; it is not changed. `method_arn` is that of the request:
        `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/GET/items/7`.
        """
