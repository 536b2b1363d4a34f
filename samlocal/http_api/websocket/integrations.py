"""Runs the integrations of a WebSocket API's routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.http_api.function_back_end import Failure, FunctionBackEnd
from samlocal.http_api.result_members import WrongResultError
from samlocal.http_api.websocket.integration_results import (
    RouteFailure,
    RouteResult,
    mock_result,
    read_function_result,
)
from samlocal.project.apis import FunctionIntegration, MockIntegration, UnsupportedIntegration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.http_api.authorization import Event
    from samlocal.http_api.exchange import HttpRequest
    from samlocal.http_api.function_back_end import FailureKind
    from samlocal.http_api.functions import Functions
    from samlocal.project.apis import Route

# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
_MAX_TIMEOUT_MS: Final = 29_000
# Statuses of a handshake whose `$connect` fails; messages get one text for all of them.
_NOT_SUPPORTED: Final = 500
_MALFORMED: Final = 502
_STATUSES: Final[Mapping[FailureKind, int]] = {
    "error": 502,
    "throttled": 502,
    "timeout": 504,
    "too large": 502,
}
_UNUSED: Final = RouteResult(status=200)


class Integrations:
    """Runs what is behind routes; `report` gets what is wrong with them and with their results."""

    def __init__(self, functions: Functions, report: Callable[[Diagnostic], None]) -> None:
        self._back_end = FunctionBackEnd(functions)
        self._report = report

    async def run(
        self, route: Route, event: Event, request: HttpRequest, *, is_result_used: bool = True
    ) -> RouteResult | RouteFailure:
        """Return what a route returns for an event. If its result is not used, it may have any shape.

        `request` is the handshake, with the trace that a function belongs to.
        """
        integration = route.integration
        if isinstance(integration, FunctionIntegration):
            result = await self._back_end.call(
                integration.target,
                event,
                request,
                timeout_ms=min(integration.timeout_ms, _MAX_TIMEOUT_MS),
                domain_name=event["requestContext"]["domainName"],
            )
            if isinstance(result, Failure):
                self._tell(route, result.message, hint=result.hint)
                return RouteFailure(status=_STATUSES[result.kind])
            return self._read(route, result.payload) if is_result_used else _UNUSED
        if isinstance(integration, MockIntegration):
            return self._mock(route, integration)
        if isinstance(integration, UnsupportedIntegration):
            self._report(integration.diagnostic)
        else:
            self._tell(route, "HTTP integrations of WebSocket APIs are not supported")
        return RouteFailure(status=_NOT_SUPPORTED)

    def _read(self, route: Route, payload: bytes) -> RouteResult | RouteFailure:
        try:
            return read_function_result(payload)
        except WrongResultError as error:
            self._tell(route, f"the result of the function is not a response: {error}")
            return RouteFailure(status=_MALFORMED)

    def _mock(self, route: Route, integration: MockIntegration) -> RouteResult | RouteFailure:
        try:
            return mock_result(integration)
        except WrongResultError as error:
            hint = "samlocal does not evaluate mapping templates of WebSocket APIs"
            self._tell(route, f"the mock integration does not work: {error}", hint=hint)
            return RouteFailure(status=_NOT_SUPPORTED)

    def _tell(self, route: Route, message: str, *, hint: str | None = None) -> None:
        self._report(
            Diagnostic(message=f"route `{route.path}`: {message}", place=route.place, hint=hint)
        )
