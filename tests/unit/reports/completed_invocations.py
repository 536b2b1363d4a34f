"""Invocations with results, as reports receive them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from samlocal.invocation import FunctionError, InvocationResult, Phase, Report, Span
from samlocal.reports.completed import Completed, without_payloads
from tests.functional.execution.fakes import invocation

if TYPE_CHECKING:
    from samlocal.invocation import Outcome, Status

BEGIN = datetime(2026, 11, 26, 10, 0, 0, tzinfo=UTC)
INIT = Phase(name="init", start=BEGIN, duration_ms=80.5)
INVOKE = Phase(name="invoke", start=BEGIN + timedelta(milliseconds=100), duration_ms=4.0)
SHUTDOWN = Phase(name="shutdown", start=BEGIN + timedelta(milliseconds=200), duration_ms=20)


def completed(
    *phases: Phase,
    number: int = 1,
    duration_ms: float = 4.0,
    outcome: Outcome = "success",
    memory_mb: int | None = 15,
    failed_afterwards: bool = False,
) -> Completed:
    """Return an invocation with these phases (Invoke alone if there are none) and one extension.

    With `failed_afterwards`, its extension ended after the response.
    """
    phases = phases or (INVOKE,)
    status: Status = "success"
    if failed_afterwards or outcome in {"timeout", "failure"}:
        status = "timeout" if outcome == "timeout" else "error"
    spans = (
        Span(name="responseLatency", start=INVOKE.start, duration_ms=duration_ms / 2),
        Span(name="responseDuration", start=INVOKE.start, duration_ms=0.25),
        Span(name="extensionOverhead", start=INVOKE.start, duration_ms=duration_ms / 4),
    )
    report = Report(
        request_id=f"id-{number}",
        duration_ms=duration_ms,
        memory_size_mb=128,
        max_memory_used_mb=memory_mb,
        init_duration_ms=INIT.duration_ms if INIT in phases else None,
        status=status,
        spans=spans,
        produced_bytes=5,
    )
    result = InvocationResult(outcome=outcome, payload=b'"hey"', report=report, phases=phases)
    if outcome != "success":
        error = FunctionError(type="ValueError", message="no stars", body=b"{}")
        result = replace(result, error=error)
    return without_payloads(invocation(b'"hey"', request_id=f"id-{number}"), result)
