"""A histogram of durations."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from samlocal.reports.histogram import histogram

DURATIONS = st.lists(st.floats(min_value=0, max_value=900_000), min_size=1, max_size=300)


def counts(lines: list[str]) -> list[int]:
    return [int(re.split(" {2,}", line.strip())[1].replace(",", "")) for line in lines]


@given(DURATIONS)
def test_every_duration_is_counted(durations: list[float]) -> None:
    """The rows are ten at most, and each duration is in one of them."""
    lines = histogram(durations)
    assert 1 <= len(lines) <= 10
    assert sum(counts(lines)) == len(durations)


def test_the_rows_have_equal_ranges() -> None:
    """Each row has its lower bound, the number of durations, and a bar."""
    assert histogram([1.0, 1.1, 1.25, 1.3, 1.3, 1.4, 2.1, 2.15]) == [
        "1.0 ms  2  ███████████████████████████",
        "1.2 ms  3  ████████████████████████████████████████",
        "1.4 ms  1  ██████████████",
        "1.6 ms  0",
        "1.8 ms  0",
        "2.0 ms  2  ███████████████████████████",
    ]


def test_outliers_are_in_the_last_row() -> None:
    """A few long durations do not widen the ranges of all others."""
    lines = histogram([*(1 + number / 100 for number in range(100)), 5000.0])
    assert lines[-1].startswith("≥ 1.8 ms")
    assert sum(counts(lines)) == 101
    assert len(histogram([*(1 + number / 10 for number in range(10)), 5000.0])) == 10
