"""The platform's lines in a function's log, in Lambda's text format.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.invocation import Invocation, InvocationResult


def init_report_line(milliseconds: float, status: str, error_type: str | None = None) -> str:
    """Return the report of an Init that failed or took too long; Lambda reports no other Init."""
    line = f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: init\tStatus: {status}"
    return f"{line}\tError Type: {error_type}" if error_type else line


def start_line(invocation: Invocation) -> str:
    return f"START RequestId: {invocation.request_id} Version: {invocation.version}"


def late_line(request_id: str, timeout_seconds: float) -> str:
    """Return the line for a runtime that answers but does not call `next` again."""
    return (
        f"RequestId: {request_id} the runtime answered, but did not call `next` again"
        f" before its timeout of {timeout_seconds:.2f} seconds"
    )


def end_lines(result: InvocationResult, *, timeout_seconds: float) -> Iterator[str]:
    """Yield the lines after the function's output, up to `REPORT`."""
    request_id = result.report.request_id
    if result.outcome == "timeout":
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        yield f"{now} {request_id} Task timed out after {timeout_seconds:.2f} seconds"
    yield f"END RequestId: {request_id}"
    yield str(result.report)
