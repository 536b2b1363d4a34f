"""Defaults and limits of authorizers.

https://docs.aws.amazon.com/apigateway/latest/api/API_Authorizer.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from samlocal.cloudformation.apis.settings import flag

if TYPE_CHECKING:
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.project.apis import PayloadVersion

REST_CACHE_SECONDS: Final = 300
HTTP_CACHE_SECONDS: Final = 0
MOST_CACHE_SECONDS: Final = 3_600
_PAYLOADS: Final = ("1.0", "2.0")


def read_payload(
    settings: Properties, name: str, simple: str = "enableSimpleResponses"
) -> PayloadVersion:
    """Return the version of an authorizer's event in an HTTP API; simple responses exist in 2.0 only."""
    chosen = settings.choice(name, _PAYLOADS)
    default = "2.0" if flag(settings, simple) else "1.0"
    return cast("PayloadVersion", chosen or default)
