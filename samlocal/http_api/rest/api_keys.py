"""API keys: which requests have one.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-setup-api-key-with-restapi.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.http_api.refusal_types import INVALID_API_KEY
from samlocal.http_api.rest.gateway_errors import GatewayError
from samlocal.http_api.rest.usage_limits import UsageLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.http_api.authorization import Event
    from samlocal.http_api.exchange import HttpRequest
    from samlocal.project.apis import Api, UsagePlan

_HEADER: Final = "x-api-key"


class ApiKeys:
    """The keys that are given for an API, by their ids or names.

    Without any, the methods that need one are open, which is said once.
    """

    def __init__(
        self, api: Api, keys: Mapping[str, str], *, report: Callable[[Diagnostic], None]
    ) -> None:
        self._api = api
        self._ids = {value: name for name, value in keys.items()}
        self._limits = {
            value: UsageLimits(plan)
            for name, value in keys.items()
            if (plan := _plan_of(api, name)) is not None
        }
        self._report: Callable[[Diagnostic], None] | None = report

    def note(self, request: HttpRequest, event: Event) -> None:
        """Put the key of a request's header into its event, where an authorizer sees it, too."""
        if self._api.api_key_source == "HEADER" and (key := request.header(_HEADER)):
            event["requestContext"]["identity"]["apiKey"] = key

    def check(self, event: Event, *, from_authorizer: str | None, now: float) -> None:
        """Put the key and its id into the event of a request at a Unix time in seconds.

        Raises:
            GatewayError: It has no key, an unknown one, or one that has made too many requests.
        """
        identity = event["requestContext"]["identity"]
        if self._api.api_key_source == "AUTHORIZER":
            identity["apiKey"] = from_authorizer
        key = identity.get("apiKey")
        if not self._ids:
            self._tell()
        elif key is None or key not in self._ids:
            reason = "it has no API key" if key is None else "its API key is not a known one"
            raise GatewayError(INVALID_API_KEY, reason=reason)
        elif (name := self._ids[key]) in self._api.foreign_keys:
            reason = f"its API key `{name}` is in no usage plan of `{self._api.full_path}`"
            raise GatewayError(INVALID_API_KEY, reason=reason)
        elif limits := self._limits.get(key):
            limits.take(now)
        identity["apiKey"] = key
        identity["apiKeyId"] = self._ids.get(key) if key else None

    def _tell(self) -> None:
        if self._report:
            self._report(
                Diagnostic(
                    message=f"API keys of `{self._api.full_path}` are not checked: none is given",
                    place=self._api.place,
                    hint="give them with --api-key NAME=VALUE",
                )
            )
            self._report = None


def _plan_of(api: Api, key: str) -> UsagePlan | None:
    """Return the usage plan of a key by its name; that of one which the template does not have is the first."""
    return next((each for each in api.usage_plans if key in each.keys), None) or next(
        iter(api.usage_plans), None
    )
