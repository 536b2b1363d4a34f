"""A series of invocations that keeps its results."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from samlocal.execution.invocation_series import run_series

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.invocation import Invocation, InvocationResult, ResponseSink
    from tests.functional.execution.fakes import FakeSandbox


class Series:
    """Invocations in their order, and the results of those that have one."""

    def __init__(self, *invocations: Invocation) -> None:
        self.results: list[InvocationResult] = []
        self._waiting = deque(invocations)

    @property
    def remaining(self) -> int:
        return len(self._waiting)

    def begin(self) -> tuple[Invocation, ResponseSink | None]:
        return self._waiting[0], None

    def complete(self, invocation: Invocation, result: InvocationResult) -> None:
        assert invocation is self._waiting.popleft()
        assert result.report.request_id == invocation.request_id
        self.results.append(result)


def run_once(
    sandbox: FakeSandbox,
    configuration: FunctionConfiguration,
    invocation: Invocation,
    *,
    on_interrupt: Callable[[Callable[[], None]], None] = lambda _stop: None,
) -> InvocationResult | None:
    """Run one invocation; return None if it was interrupted."""
    series = Series(invocation)
    run_series(sandbox, configuration, series, log=sandbox.log, on_interrupt=on_interrupt)
    return series.results[0] if series.results else None
