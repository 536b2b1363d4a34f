"""Invoke on Lambda Managed Instances: a worker of the runtime handles one of several events.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-execution-environment.html
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.execution.invoke_phase import (
    InvokeResult,
    TimeLimit,
    runtime_spans,
    shown_deadline,
    wait_for_runtime,
)
from samlocal.runtime_api.answer import error_answer
from samlocal.runtime_api.concurrent_runtime import ConcurrentRuntimeApi

if TYPE_CHECKING:
    from samlocal.execution.outcomes import PhaseOutcome
    from samlocal.execution.programs import Programs
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.invocation import Invocation
    from samlocal.runtime_api.concurrent_runtime import ConcurrentExchange
    from samlocal.runtime_api.delivery import Delivery

_SPANS: Final = frozenset({"responseLatency", "responseDuration"})


async def run_concurrent_invocation(
    programs: Programs,
    invocation: Invocation,
    configuration: FunctionConfiguration,
    *,
    workers_deadline: float,
    delivery: Delivery,
) -> InvokeResult:
    """Give an invocation to a worker, and wait for its answer; extensions are not told.

    Its time begins when a worker receives it. If none does, it fails after the same time, but not before
    `workers_deadline` (`time.monotonic()` seconds) while workers may still be starting. After a timeout, or
    if this is cancelled, the worker goes on, and its answer is refused.

    Raises:
        SandboxError: The sandbox was lost.
    """
    runtime = programs.apis.runtime
    assert isinstance(runtime, ConcurrentRuntimeApi)  # noqa: S101  # the configuration decides both
    seconds = configuration.timeout_seconds
    exchange = runtime.deliver(
        invocation, deadline_ms=shown_deadline(invocation, seconds), response=delivery
    )
    seconds = math.inf if configuration.unlimited else seconds
    waiting_seconds = seconds
    if runtime.most_workers < configuration.max_concurrency:
        waiting_seconds = max(seconds, workers_deadline - time.monotonic())
    try:
        phase = await _wait_for_worker(programs, exchange, waiting_seconds)
        phase = phase or await wait_for_runtime(programs, exchange, TimeLimit(seconds=seconds))
    finally:
        runtime.expire(exchange)
    return InvokeResult(
        begun=exchange.begun,
        phase=phase,
        spans=tuple(each for each in runtime_spans(exchange) if each.name in _SPANS),
        produced_bytes=exchange.produced_bytes,
        response_mode=exchange.mode,
    )


async def _wait_for_worker(
    programs: Programs, exchange: ConcurrentExchange, seconds: float
) -> PhaseOutcome | None:
    """Wait until a worker has the invocation; return what prevents that."""
    request_id = exchange.invocation.request_id
    failure = await programs.until(exchange.received, request_id=request_id, seconds=seconds)
    if failure is None:
        return None
    error = failure.answer.error
    if failure.status == "timeout" and error:
        error = replace(
            error, hint="no worker of the runtime was free: all are busy, or have ended"
        )
        failure = replace(failure, answer=error_answer(error))
    failure = replace(failure, at=max(failure.at, exchange.begun))
    exchange.delivery.finish(failure.answer)
    return failure
