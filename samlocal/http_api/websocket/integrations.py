"""Runs the integrations of a WebSocket API's routes."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic, error_diagnostic
from samlocal.errors import SamlocalError
from samlocal.http_api.websocket.integration_results import (
    ResultShapeError,
    RouteFailure,
    RouteResult,
    mock_result,
    read_function_result,
)
from samlocal.project.apis import FunctionIntegration, MockIntegration, UnsupportedIntegration
from samlocal.serving.function_call import FunctionCall

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.http_api.functions import Functions
    from samlocal.http_api.websocket.events import Event
    from samlocal.invocation import InvocationResult
    from samlocal.project.apis import Route

# Statuses of a handshake whose `$connect` fails; messages get one text for all of them.
_NOT_SUPPORTED: Final = 500
_FAILED: Final = 502
_TIMED_OUT: Final = 504
_UNUSED: Final = RouteResult(status=200)


class Integrations:
    """Runs what is behind routes; `report` gets what is wrong with them and with their results."""

    def __init__(self, functions: Functions, report: Callable[[Diagnostic], None]) -> None:
        self._functions = functions
        self._report = report
        self._invocations: set[asyncio.Task[InvocationResult]] = set()

    async def run(
        self,
        route: Route,
        event: Event,
        *,
        trace_header: str | None = None,
        is_result_used: bool = True,
    ) -> RouteResult | RouteFailure:
        """Return what a route returns for an event. If its result is not used, it may have any shape.

        A function that takes longer than the integration waits goes on, as it does on AWS.
        """
        integration = route.integration
        try:
            if isinstance(integration, FunctionIntegration):
                result = await self._run_function(route, integration, event, trace_header)
                if isinstance(result, RouteFailure):
                    return result
                return self._read(route, integration, result) if is_result_used else _UNUSED
            if isinstance(integration, MockIntegration):
                return mock_result(integration)
        except ResultShapeError as error:
            self._report(
                Diagnostic(
                    message=f"the mock integration of `{route.path}` does not work: {error}",
                    place=route.place,
                    hint="samlocal does not evaluate mapping templates",
                )
            )
            return RouteFailure(status=_NOT_SUPPORTED)
        self._report(_not_supported(route))
        return RouteFailure(status=_NOT_SUPPORTED)

    async def finish(self) -> None:
        """Wait until all functions have finished."""
        while self._invocations:
            await asyncio.wait(self._invocations)

    async def _run_function(
        self,
        route: Route,
        integration: FunctionIntegration,
        event: Event,
        trace_header: str | None,
    ) -> InvocationResult | RouteFailure:
        function = integration.target.function
        task = asyncio.create_task(self._invoke(integration, event, trace_header))
        self._invocations.add(task)
        task.add_done_callback(self._invocations.discard)
        task.add_done_callback(_retrieve_error)
        done, _ = await asyncio.wait({task}, timeout=integration.timeout_ms / 1000)
        if not done:
            self._report(
                Diagnostic(
                    message=f"`{function}` did not answer `{route.path}`"
                    f" within {integration.timeout_ms} ms, the timeout of the integration",
                    place=route.place,
                )
            )
            return RouteFailure(status=_TIMED_OUT)
        try:
            result = task.result()
        except SamlocalError as error:
            self._report(error_diagnostic(error, function=function))
            return RouteFailure(status=_FAILED)
        if result.outcome != "success":
            return RouteFailure(status=_FAILED)
        return result

    def _read(
        self, route: Route, integration: FunctionIntegration, result: InvocationResult
    ) -> RouteResult | RouteFailure:
        function = integration.target.function
        try:
            return read_function_result(result.payload)
        except ResultShapeError as error:
            self._report(
                Diagnostic(
                    message=f"the result of `{function}` for `{route.path}` is malformed: {error}",
                    place=route.place,
                )
            )
            return RouteFailure(status=_FAILED)

    async def _invoke(
        self, integration: FunctionIntegration, event: Event, trace_header: str | None
    ) -> InvocationResult:
        call = FunctionCall(
            function=integration.target.function,
            qualifier=integration.target.qualifier,
            payload=json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode(),
            request_id=str(uuid.uuid4()),
            trace_id=trace_header,
        )
        return await self._functions.invoke(call)


def _not_supported(route: Route) -> Diagnostic:
    integration = route.integration
    if isinstance(integration, UnsupportedIntegration):
        return integration.diagnostic
    return Diagnostic(
        message=f"the route `{route.path}` has an HTTP integration,"
        " which samlocal does not support in a WebSocket API",
        place=route.place,
    )


def _retrieve_error(task: asyncio.Task[InvocationResult]) -> None:
    """Keep asyncio from logging the error of a function that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
