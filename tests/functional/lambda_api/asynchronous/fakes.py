"""Functions without sandboxes, and a clock that a test moves."""

from __future__ import annotations

import asyncio
import heapq
import json
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.errors import FunctionNotFoundError, Place, SamlocalError, ThrottledError
from samlocal.function import EventInvokeConfig, Function, LocalCode
from samlocal.invocation import FunctionError, InvocationResult, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.serving.function_call import FunctionCall

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"
_PLACE = Place(Path("/project/template.yaml"), 1, 1)
_TURNS = 50


def function(
    name: str,
    config: EventInvokeConfig | None = None,
    *,
    configs: Mapping[str, EventInvokeConfig] | None = None,
    reserved_concurrency: int | None = None,
    dead_letter: str | None = None,
) -> Function:
    """Return a function with an alias `live` of version 1; `config` is for `$LATEST`."""
    return Function(
        logical_id=name,
        full_path=f"Stack/{name}",
        name=name,
        code=LocalCode(path=Path("/project"), place=_PLACE),
        place=_PLACE,
        qualifiers={"1": "1", "live": "1"},
        event_invoke=configs or ({"$LATEST": config} if config else {}),
        reserved_concurrency=reserved_concurrency,
        dead_letter=dead_letter,
    )


def returned(payload: bytes = b"null") -> InvocationResult:
    return InvocationResult(outcome="success", payload=payload, report=_REPORT)


def failed(message: str = "boom") -> InvocationResult:
    body = json.dumps({"errorMessage": message, "errorType": "Oops"}).encode()
    error = FunctionError(type="Oops", message=message, body=body)
    return InvocationResult(outcome="error", payload=body, report=_REPORT, error=error)


_REPORT = Report(request_id="r", duration_ms=1, memory_size_mb=128, max_memory_used_mb=40)


class VirtualClock:
    """Time that passes only in `advance`."""

    def __init__(self) -> None:
        self._now = 0.0
        self._numbers = count()
        self._timers: list[tuple[float, int, _Timer]] = []

    def time(self) -> float:
        return self._now

    def call_at(self, when: float, callback: Callable[[], object]) -> _Timer:
        timer = _Timer(callback)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    @property
    def timers(self) -> int:
        """How many callbacks are to come."""
        return sum(not timer.is_cancelled for _, _, timer in self._timers)

    async def advance(self, seconds: float) -> None:
        """Let time pass, and all that happens in it."""
        end = self._now + seconds
        await settle()
        while self._timers and self._timers[0][0] <= end:
            when, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, when)
            if not timer.is_cancelled:
                timer.callback()
                await settle()
        self._now = end


class _Timer:
    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback = callback
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


async def settle() -> None:
    """Let all tasks go on as far as they can."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class FakeFunctions:
    """Functions whose invocations end as a test says, the last way again and again.

    `runs` has the time and the call of each attempt. `gate` holds up invocations while it is not set.
    """

    def __init__(self, clock: VirtualClock, *functions: Function) -> None:
        self.runs: list[tuple[float, FunctionCall]] = []
        self.running: list[FunctionCall] = []
        self.most_running = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._clock = clock
        self._functions = {each.name: each for each in functions}
        self._ends: dict[str, list[InvocationResult | Exception]] = {}

    def ends(self, name: str, *ends: InvocationResult | Exception) -> None:
        """Set how the next invocations of a function end."""
        self._ends[f"Stack/{name}"] = list(ends)

    def times(self, name: str) -> list[float]:
        """Return when a function was tried."""
        return [at for at, call in self.runs if call.function == f"Stack/{name}"]

    def payloads(self, name: str) -> list[bytes]:
        return [call.payload for _, call in self.runs if call.function == f"Stack/{name}"]

    async def find(self, name: str) -> Function:
        if name not in self._functions:
            raise FunctionNotFoundError(f"no function `{name}`")
        return self._functions[name]

    async def invoke(self, call: FunctionCall) -> InvocationResult:
        self.runs.append((self._clock.time(), call))
        self.running.append(call)
        self.most_running = max(self.most_running, len(self.running))
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
        finally:
            self.running.remove(call)
        ends = self._ends.get(call.function, [returned()])
        end = ends.pop(0) if len(ends) > 1 else ends[0]
        if isinstance(end, Exception):
            raise end
        return end


def throttle() -> SamlocalError:
    """Return the error of a function that has no room."""
    return ThrottledError("Rate Exceeded.", reason="ConcurrentInvocationLimitExceeded")
