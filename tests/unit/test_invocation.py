from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.invocation import Report, milliseconds

DURATIONS = st.floats(min_value=0, max_value=900_000)


REPORT = Report(request_id="id-1", duration_ms=1.5, memory_size_mb=128, max_memory_used_mb=30)


def test_report_of_a_cold_start() -> None:
    """The line has the form of Lambda's: tabs between the fields, and one at the end."""
    assert str(replace(REPORT, init_duration_ms=100.256)) == (
        "REPORT RequestId: id-1\tDuration: 1.50 ms\tBilled Duration: 102 ms\tMemory Size: 128 MB"
        "\tMax Memory Used: 30 MB\tInit Duration: 100.26 ms\t"
    )


def test_report_of_a_warm_start() -> None:
    """An invocation without Init has no Init Duration."""
    assert str(REPORT) == (
        "REPORT RequestId: id-1\tDuration: 1.50 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB"
        "\tMax Memory Used: 30 MB\t"
    )


def test_report_of_a_failure() -> None:
    """Status and error type come last; an unknown peak of memory is omitted."""
    failed = replace(
        REPORT, max_memory_used_mb=None, status="error", error_type="Runtime.ExitError"
    )
    assert str(failed).endswith(
        "\tMemory Size: 128 MB\tStatus: error\tError Type: Runtime.ExitError\t"
    )


def test_report_of_a_restored_environment() -> None:
    """With SnapStart, Restore takes the place of Init, and a part of it is billed."""
    restored = replace(
        REPORT,
        duration_ms=2338.66,
        memory_size_mb=3009,
        max_memory_used_mb=173,
        restore_duration_ms=398.97,
        billed_restore_duration_ms=182,
    )
    assert str(restored) == (
        "REPORT RequestId: id-1\tDuration: 2338.66 ms\tBilled Duration: 2521 ms"
        "\tMemory Size: 3009 MB\tMax Memory Used: 173 MB\tRestore Duration: 398.97 ms"
        "\tBilled Restore Duration: 182 ms\t"
    )


@pytest.mark.parametrize(
    ("duration", "init", "billed"),
    [(0.0, None, 0), (3.0, None, 3), (3.01, None, 4), (0.5, 0.5, 1), (0.5, 0.51, 2)],
)
def test_billed_duration_is_rounded_once(duration: float, init: float | None, billed: int) -> None:
    """Duration and Init are added first, then rounded up to the millisecond."""
    assert replace(REPORT, duration_ms=duration, init_duration_ms=init).billed_duration_ms == billed


@given(DURATIONS, st.none() | DURATIONS)
def test_billed_duration_covers_all_of_it(duration: float, init: float | None) -> None:
    """The billed duration is never less than what is shown of it, and less than a millisecond more."""
    billed = replace(REPORT, duration_ms=duration, init_duration_ms=init).billed_duration_ms
    used = milliseconds(duration + (init or 0))
    assert used <= billed < math.floor(used) + 1.001
