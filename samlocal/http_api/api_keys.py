"""API keys of REST and WebSocket APIs: which requests have one.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-setup-api-key-with-restapi.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.http_api.authorization import Refused
from samlocal.http_api.usage_limits import UsageLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.http_api.exchange import HttpRequest
    from samlocal.project.apis import Api, Route, UsagePlan

_HEADER: Final = "x-api-key"


class ApiKeys:
    """The keys that are given for an API, by their ids or names.

    Without any, the routes that need one are open, which `report` gets at once.
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
        if not keys and any(each.needs_api_key for each in api.routes):
            report(
                Diagnostic(
                    message=f"API keys of `{api.full_path}` are not checked: none is given",
                    place=api.place,
                    hint="give them with --api-key NAME=VALUE",
                )
            )

    def choose(self, request: HttpRequest, from_authorizer: str | None = None) -> str | None:
        """Return the key of a request: that of its header, or that of its authorizer, as the API wants it."""
        if self._api.api_key_source == "AUTHORIZER":
            return from_authorizer
        return request.header(_HEADER) or None

    def check(self, key: str | None, route: Route, now: float) -> Refused | None:
        """Count a request with a key for a route at a Unix time in seconds; return why it is refused, None: it is not."""
        if not self._ids:
            return None
        if key is None or key not in self._ids:
            reason = "it has no API key" if key is None else "its API key is not a known one"
            return Refused(kind="INVALID_API_KEY", reason=reason)
        if (name := self._ids[key]) in self._api.foreign_keys:
            reason = f"its API key `{name}` is in no usage plan of `{self._api.full_path}`"
            return Refused(kind="INVALID_API_KEY", reason=reason)
        limits = self._limits.get(key)
        return limits.take(route, now) if limits else None

    def id_of(self, key: str | None) -> str | None:
        """Return the id or the name of a key; None if it is not a known one."""
        return self._ids.get(key) if key else None


def _plan_of(api: Api, key: str) -> UsagePlan | None:
    """Return the usage plan of a key by its name; that of one which the template does not have is the first."""
    return next((each for each in api.usage_plans if key in each.keys), None) or next(
        iter(api.usage_plans), None
    )
