"""A histogram of durations as lines of text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_ROWS: Final = 10
_BAR_WIDTH: Final = 40
# The part of the values, and the least number, that have no rows of their own if they are far off.
_OUTLIERS: Final = 0.02
_LEAST_OUTLIERS: Final = 1


def histogram(durations_ms: Sequence[float]) -> list[str]:
    """Return a line for each range of durations: its lower bound in milliseconds, a bar and the number.

    The ranges are of one width, which is 1, 2 or 5 times a power of ten. A few outliers do not make all
    others fall into one range: the last range is open.
    """
    ordered = sorted(durations_ms)
    outliers = max(_LEAST_OUTLIERS, int(len(ordered) * _OUTLIERS))
    highest = ordered[max(0, len(ordered) - 1 - outliers)]
    width = _range_width(highest - ordered[0])
    first = _row(ordered[0], width)
    last = min(_row(highest, width), first + _MOST_ROWS - 1)
    counts = [0] * (last - first + 1)
    for each in ordered:
        counts[min(_row(each, width), last) - first] += 1
    digits = max(0, -math.floor(math.log10(width)))
    labels = [f"{(first + row) * width:,.{digits}f} ms" for row in range(len(counts))]
    if _row(ordered[-1], width) > last:
        labels[-1] = f"≥ {labels[-1]}"
    label_width, count_width = max(map(len, labels)), len(f"{max(counts):,}")
    return [
        f"{label:>{label_width}}  {count:>{count_width},}  {_bar(count, max(counts))}".rstrip()
        for label, count in zip(labels, counts, strict=True)
    ]


def _range_width(spread: float) -> float:
    """Return the smallest of 1, 2, 5, 10, … (or 0.1, 0.01, …) that needs no more rows than there may be."""
    least = max(spread / (_MOST_ROWS - 1), 0.001)
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)


def _row(duration_ms: float, width: float) -> int:
    """Return the number of a duration's range; 1.4 / 0.2 is a little less than 7."""
    return math.floor(duration_ms / width + 1e-9)


def _bar(count: int, most: int) -> str:
    return "█" * math.ceil(count * _BAR_WIDTH / most)
