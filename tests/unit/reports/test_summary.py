"""The summary of several invocations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.reports.summary import Summary
from tests.unit.reports.completed_invocations import INIT, INVOKE, completed

if TYPE_CHECKING:
    from samlocal.reports.completed import Completed


def text(*invocations: Completed) -> str:
    summary = Summary()
    for each in invocations:
        summary.add(each)
    return summary.text()


def test_the_table_has_percentiles_of_warm_invocations() -> None:
    """The cold invocation has a column of its own, and percentiles are values that occurred."""
    warm = [completed(number=number, duration_ms=number) for number in range(1, 101)]
    lines = text(completed(INIT, INVOKE, duration_ms=1234.5), *warm).splitlines()

    assert lines[:6] == [
        "101 invocations: 101 succeeded",
        "                           cold       p50       p90       p99        max",
        "Init                   80.50 ms",
        "Duration            1,234.50 ms  50.00 ms  90.00 ms  99.00 ms  100.00 ms",
        "Response latency      617.25 ms  25.00 ms  45.00 ms  49.50 ms   50.00 ms",
        "Extension overhead    308.62 ms  12.50 ms  22.50 ms  24.75 ms   25.00 ms",
    ]
    assert lines[6:9] == [
        "Max memory used           15 MB     15 MB     15 MB     15 MB      15 MB",
        "",
        "Duration of 100 warm invocations",
    ]
    assert len(lines) == 14


def test_failures_are_counted_and_not_measured() -> None:
    """Invocations that failed or started programs again do not change the percentiles."""
    lines = text(
        completed(INIT, INVOKE),
        completed(outcome="timeout", duration_ms=3000),
        completed(INIT, INVOKE, duration_ms=90),
        completed(outcome="error", duration_ms=2),
        completed(outcome="failure", duration_ms=7),
    ).splitlines()

    assert lines[0] == (
        "5 invocations: 2 succeeded, 1 returned an error, 1 timed out, 1 failed; 1 restart"
    )
    assert [line.split() for line in lines if line.startswith("Duration")] == [
        ["Duration", "4.00", "ms", *["2.00", "ms"] * 4]
    ]


def test_a_failure_after_the_response_is_counted_separately() -> None:
    """Such a cold invocation has figures; a warm one does not change the percentiles."""
    lines = text(
        completed(INIT, INVOKE, failed_afterwards=True),
        completed(INIT, INVOKE, outcome="error", duration_ms=90),
        completed(duration_ms=2),
        completed(outcome="error", duration_ms=700, failed_afterwards=True),
    ).splitlines()

    assert lines[0] == (
        "4 invocations: 1 succeeded, 1 returned an error, 2 failed after the response; 1 restart"
    )
    assert lines[2].split() == ["Init", "80.50", "ms"]
    assert lines[3].split() == ["Duration", "4.00", "ms", *["2.00", "ms"] * 4]


def test_without_success_there_is_no_table() -> None:
    """Without any figures there is only the title."""
    assert text(completed(outcome="failure")) == "1 invocation: 1 failed\n"
