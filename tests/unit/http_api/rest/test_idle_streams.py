"""Streamed responses of REST APIs whose functions pause.

https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from samlocal.http_api.function_back_end import FunctionBackEnd
from samlocal.http_api.rest.function_integration import StreamingMethod
from samlocal.http_api.rest.gateway import RestGateway
from samlocal.http_api.rest.gateway_errors import INTEGRATION_TIMEOUT, GatewayError
from samlocal.http_api.rest.routed_request import RoutedRequest
from samlocal.invocation import InvocationResult, Report
from samlocal.project.apis import FunctionIntegration, FunctionTarget, Route
from tests.unit.http_api.gateway_fakes import FakeAuthorizers, FakeFunctions, FakeWriter
from tests.unit.http_api.requests import function_route, http_request, rest_api

if TYPE_CHECKING:
    from samlocal.invocation import ResponseSink
    from samlocal.serving.function_call import FunctionCall

_INTEGRATION: Final = FunctionIntegration(
    target=FunctionTarget(function="F"), payload="1.0", timeout_ms=900_000
)


class _SlowFunctions(FakeFunctions):
    """A function that sends parts with a pause before each."""

    def __init__(self, pauses: tuple[float, ...]) -> None:
        super().__init__()
        self._pauses = pauses

    async def invoke(
        self, call: FunctionCall, *, response: ResponseSink | None = None
    ) -> InvocationResult:
        assert response is not None
        await response.begin("application/octet-stream", "streaming")
        for number, pause in enumerate(self._pauses):
            await asyncio.sleep(pause)
            await response.write(b"part" if number else b'{"statusCode": 200}' + bytes(8) + b"part")
        await response.end(None)
        report = Report(
            request_id=call.request_id, duration_ms=1.0, memory_size_mb=128, max_memory_used_mb=None
        )
        return InvocationResult(outcome="success", payload=b"", report=report)


@pytest.mark.parametrize(
    ("pauses", "parts", "status"),
    [
        pytest.param((0, 0.06, 0.06, 0.06), 4, 200, id="never idle"),
        pytest.param((0, 0.01, 5), 2, 200, id="idle in the middle"),
        pytest.param((5,), 0, 504, id="idle at the start"),
    ],
)
async def test_idle_streams(pauses: tuple[float, ...], parts: int, status: int) -> None:
    """A stream ends when its function sends nothing for too long, however long it has been."""
    functions, writer = _SlowFunctions(pauses), FakeWriter()
    method = StreamingMethod(_INTEGRATION, FunctionBackEnd(functions), idle_seconds=0.12)
    api = rest_api(function_route("/a"))
    routed = RoutedRequest(api=api, route=api.routes[0], request=http_request(), event={})
    if sum(pauses) < 1:
        await method.answer(routed, writer)
        assert writer.end_of_body == "complete"
    else:
        with pytest.raises(GatewayError) as caught:
            await method.answer(routed, writer)
        assert caught.value.error_type is INTEGRATION_TIMEOUT
        assert caught.value.has_begun == (status == 200)
        assert caught.value.reason == "`F` has sent nothing for 0.12 seconds"
    assert sum(each == b"part" for each in writer.seen) == parts


@pytest.mark.parametrize(("is_edge_optimized", "seconds"), [(True, 30), (False, 300)])
async def test_idle_limits(
    monkeypatch: pytest.MonkeyPatch, *, is_edge_optimized: bool, seconds: int
) -> None:
    """An edge-optimized endpoint waits for 30 seconds, all others for 5 minutes."""
    limits: list[float] = []
    monkeypatch.setattr(
        "samlocal.http_api.rest.gateway.StreamingMethod",
        lambda *_, idle_seconds: limits.append(idle_seconds),
    )
    integration = replace(_INTEGRATION, streams=True)
    route = Route(method="GET", path="/a", integration=integration)
    api = rest_api(route, is_edge_optimized=is_edge_optimized)
    RestGateway(api, FakeFunctions(), FakeAuthorizers(), api_keys={}, report=lambda _: None)
    assert limits == [seconds]
