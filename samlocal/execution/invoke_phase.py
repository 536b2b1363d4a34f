"""Invoke: the runtime and the extensions handle one event.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-invoke
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from samlocal.execution.clock import wall_time
from samlocal.execution.outcomes import (
    answered,
    broken_off,
    failed_afterwards,
    named_extensions,
)
from samlocal.frozen_dataclass import frozen
from samlocal.invocation import Span

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from samlocal.execution.outcomes import PhaseOutcome
    from samlocal.execution.programs import Programs
    from samlocal.invocation import Invocation, ResponseMode, SpanName
    from samlocal.runtime_api.delivery import Delivery
    from samlocal.runtime_api.exchange import Exchange
    from samlocal.runtime_api.extension import Extension

# How long a call of a runtime that has ended may still be on its way.
_ON_ITS_WAY_SECONDS: Final = 0.05


@frozen
class TimeLimit:
    """How long an invocation may take: `seconds`, since Init if that is a part of it.

    `since` is in `time.monotonic()` seconds; None means the moment at which the runtime receives it.
    """

    seconds: float
    since: float | None = None

    def end(self, begun: float) -> float:
        """Return the end of an invocation that the runtime received at `begun`."""
        return (begun if self.since is None else self.since) + self.seconds

    def remaining(self, begun: float) -> float:
        """Return the seconds that are left."""
        return self.end(begun) - time.monotonic()


@frozen
class InvokeResult:
    """An invocation that the runtime received at `begun`, in `time.monotonic()` seconds.

    `produced_bytes` is the size of the response so far.
    """

    begun: float
    phase: PhaseOutcome
    spans: tuple[Span, ...] = ()
    produced_bytes: int = 0
    response_mode: ResponseMode = "buffered"


async def run_invocation(
    programs: Programs,
    invocation: Invocation,
    *,
    limit: TimeLimit,
    unlimited: bool,
    delivery: Delivery,
    runtime_done: Callable[[InvokeResult], Awaitable[None]],
) -> InvokeResult:
    """Give an invocation to the runtime and the extensions, and wait until all of them are done.

    They have the time of `limit`; if `unlimited`, they are only told so. `runtime_done` is called when the
    runtime has asked for the next invocation, or cannot any more.

    Raises:
        SandboxError: The sandbox was lost.
    """
    request_id = invocation.request_id
    # An extension may have ended since the last invocation.
    if failure := programs.failure(request_id):
        begun = time.monotonic()
        failure = replace(failure, at=max(failure.at, begun))
        result = InvokeResult(begun=begun, phase=failure)
        delivery.finish(failure.answer)
        await runtime_done(result)
        return result
    now = time.monotonic()
    deadline_ms = shown_deadline(invocation, limit.end(now) - now)
    exchange = programs.apis.runtime.deliver(invocation, deadline_ms=deadline_ms, response=delivery)
    subscribers = _tell_extensions(programs, invocation, deadline_ms)
    if unlimited:
        limit = TimeLimit(seconds=math.inf)
    phase = await wait_for_runtime(programs, exchange, limit)
    result = InvokeResult(
        begun=exchange.begun,
        phase=phase,
        spans=runtime_spans(exchange),
        produced_bytes=exchange.produced_bytes,
        response_mode=exchange.mode,
    )
    await runtime_done(result)
    if phase.is_failure:
        return result
    return await _wait_for_extensions(programs, exchange, result, subscribers, limit)


async def wait_for_runtime(
    programs: Programs, exchange: Exchange, limit: TimeLimit
) -> PhaseOutcome:
    """Wait until the runtime has answered and asks for the next invocation.

    A response that broke off is an answer only of a runtime that goes on.
    """
    failure = await _until(programs, exchange, exchange.answer, limit=limit)
    if failure and failure.status != "timeout":
        # What it sent before it ended may still be on its way.
        await asyncio.wait([exchange.answer], timeout=_ON_ITS_WAY_SECONDS)
    if exchange.has_whole_answer:
        exchange.delivery.finish(exchange.answer.result())
    failure = failure or await _until(programs, exchange, exchange.finished, limit=limit)
    if failure is None:
        answer = exchange.answer.result()
        exchange.delivery.finish(answer)
        return answered(answer, at=exchange.finished.result())
    if not exchange.has_whole_answer:
        if exchange.has_begun:
            failure = broken_off(failure)
        exchange.delivery.finish(failure.answer)
        return failure
    if failure.status == "timeout":
        failure = replace(failure, cause="the runtime answered, but did not call `next` again")
    return failed_afterwards(exchange.answer.result(), failure)


async def _until(
    programs: Programs, exchange: Exchange, *wanted: asyncio.Future[Any], limit: TimeLimit
) -> PhaseOutcome | None:
    """Wait until the futures are done; return what prevents that, at a time that fits the invocation."""
    failure = await programs.until(
        *wanted,
        request_id=exchange.invocation.request_id,
        seconds=limit.remaining(exchange.begun),
    )
    if failure is None:
        return None
    at = limit.end(exchange.begun) if failure.status == "timeout" else failure.at
    return replace(failure, at=max(at, exchange.begun))


async def _wait_for_extensions(
    programs: Programs,
    exchange: Exchange,
    result: InvokeResult,
    subscribers: list[Extension],
    limit: TimeLimit,
) -> InvokeResult:
    """Wait until the extensions that got the event ask for the next one."""
    if not subscribers:
        return result
    waited = [each.waiting for each in subscribers]
    failure = await _until(programs, exchange, *waited, limit=limit)
    since = result.phase.at
    until = failure.at if failure else max(each.waiting.result() for each in subscribers)
    overhead = Span(
        name="extensionOverhead",
        start=wall_time(since),
        duration_ms=max(0.0, until - since) * 1000,
    )
    if failure:
        if failure.status == "timeout":
            late = [each.name for each in subscribers if not each.waiting.done()]
            cause = f"{named_extensions(late)} did not ask for the next event"
            failure = replace(failure, cause=cause)
        phase = failed_afterwards(exchange.answer.result(), failure)
    else:
        phase = replace(result.phase, at=max(since, until))
    return replace(result, phase=phase, spans=(*result.spans, overhead))


def _tell_extensions(
    programs: Programs, invocation: Invocation, deadline_ms: int
) -> list[Extension]:
    """Send the event to the extensions that want it, and return them."""
    subscribers = [each for each in programs.extensions if "INVOKE" in each.events]
    if subscribers:
        from samlocal.runtime_api.extension_events import invoke_event  # noqa: PLC0415  # few functions have extensions

        for each in subscribers:
            each.send(invoke_event(invocation, deadline_ms))
    return subscribers


def runtime_spans(exchange: Exchange) -> tuple[Span, ...]:
    """Return the spans of a response and of what the runtime does after it, as far as they have ended."""
    finished = exchange.finished.result() if exchange.finished.done() else None
    times = (exchange.begun, exchange.first_byte_at, exchange.last_byte_at, finished)
    names: tuple[SpanName, ...] = ("responseLatency", "responseDuration", "runtimeOverhead")
    return tuple(
        Span(name=name, start=wall_time(since), duration_ms=max(0.0, until - since) * 1000)
        for name, since, until in zip(names, times, times[1:], strict=False)
        if since is not None and until is not None
    )


def shown_deadline(invocation: Invocation, seconds: float) -> int:
    """Return the deadline that the function sees, as Unix time in milliseconds."""
    if invocation.deadline_ms is not None:
        return invocation.deadline_ms
    remaining_ms = invocation.remaining_time_ms
    if remaining_ms is None:
        remaining_ms = round(seconds * 1000)
    return int(time.time() * 1000) + remaining_ms
