"""The Telemetry API and its predecessor, the Logs API: extensions subscribe to events.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from samlocal.runtime_api.dispatch import Routes
from samlocal.runtime_api.http_messages import Response
from samlocal.runtime_api.request_body import read_body
from samlocal.runtime_api.responses import error_response
from samlocal.runtime_api.subscriptions import InvalidSubscriptionError, parse_subscription

if TYPE_CHECKING:
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.runtime_api.extensions import ExtensionsApi
    from samlocal.runtime_api.http_messages import Request
    from samlocal.runtime_api.subscriptions import Api, Subscription

_TELEMETRY_SCHEMAS: Final = ("2022-07-01", "2022-12-13", "2025-01-29")
_MANAGED_INSTANCES_SCHEMAS: Final = ("2025-01-29",)
_LOGS_SCHEMAS: Final = ("2020-08-15", "2021-03-18")

_OK: Final = Response(status=200, body=b'"OK"', headers={"Content-Type": "application/json"})


class Subscriptions(Protocol):
    """Where subscriptions go."""

    @property
    def is_open(self) -> bool:
        """Whether extensions may subscribe."""

    def close_subscriptions(self) -> None:
        """Accept no more subscriptions."""

    def subscribe(self, subscription: Subscription) -> None:
        """Add a subscriber."""


class TelemetryApi:
    """The subscriptions of a sandbox's extensions, one for each, to either of the two APIs.

    An extension may repeat its subscription. It cannot change it, as in the newest emulator.
    """

    def __init__(
        self,
        configuration: FunctionConfiguration,
        extensions: ExtensionsApi,
        subscriptions: Subscriptions | None,
    ) -> None:
        self._extensions = extensions
        self._subscriptions = subscriptions
        is_managed = configuration.initialization_type == "lambda-managed-instances"
        self._schemas = _MANAGED_INSTANCES_SCHEMAS if is_managed else _TELEMETRY_SCHEMAS
        self._subscribed: dict[str, Subscription] = {}

    async def handle(self, request: Request) -> Response:
        return await TELEMETRY_ROUTES.dispatch(self, request)

    async def subscribe_to_telemetry(self, request: Request) -> Response:
        """`PUT /2022-07-01/telemetry`: subscribe to the Telemetry API."""
        return await self._subscribe(request, "telemetry")

    async def subscribe_to_logs(self, request: Request) -> Response:
        """`PUT /2020-08-15/logs`: subscribe to the Logs API."""
        return await self._subscribe(request, "logs")

    async def _subscribe(self, request: Request, api: Api) -> Response:
        if self._subscriptions is None:
            return _NOT_SUPPORTED[api]
        extension = self._extensions.identify(request).name
        body = await read_body(request)
        schemas = self._schemas if api == "telemetry" else _LOGS_SCHEMAS
        try:
            wanted = parse_subscription(body, extension=extension, api=api, schemas=schemas)
        except InvalidSubscriptionError as error:
            return _invalid(api, str(error))
        if not self._subscriptions.is_open:
            return _CLOSED[api]
        current = self._subscribed.setdefault(extension, wanted)
        if current is wanted:
            self._subscriptions.subscribe(wanted)
        elif current != wanted:
            return _invalid(
                api, f"the extension has another subscription, to the {_NAMES[current.api]}"
            )
        return _OK


TELEMETRY_ROUTES: Final = Routes[TelemetryApi](
    ("PUT", "/2022-07-01/telemetry", TelemetryApi.subscribe_to_telemetry),
    ("PUT", "/2020-08-15/logs", TelemetryApi.subscribe_to_logs),
)

_NAMES: Final[dict[Api, str]] = {"telemetry": "Telemetry API", "logs": "Logs API"}
_CLOSED: Final[dict[Api, Response]] = {
    "telemetry": error_response(
        403, "Telemetry.SubscriptionClosed", "Telemetry API subscription is closed"
    ),
    "logs": error_response(
        403, "Logs.SubscriptionClosed", "Logs API subscription is closed already"
    ),
}
# The emulator's answer where there is no telemetry.
_NOT_SUPPORTED: Final[dict[Api, Response]] = {
    "telemetry": error_response(202, "Telemetry.NotSupported", "Telemetry API is not supported"),
    "logs": error_response(202, "Logs.NotSupported", "Logs API is not supported"),
}


def _invalid(api: Api, message: str) -> Response:
    error_type = "ValidationError" if api == "telemetry" else "Logs.ValidationError"
    return error_response(400, error_type, message)
