"""A summary of consecutive invocations: a table of their figures, and a histogram of their durations."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from samlocal.reports.histogram import histogram

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from samlocal.invocation import InvocationResult, Outcome, SpanName
    from samlocal.reports.completed import Completed

_COLUMNS: Final = ("cold", "p50", "p90", "p99", "max")
_PERCENTILES: Final = (50, 90, 99, 100)
# A histogram of a few values shows nothing.
_LEAST_FOR_HISTOGRAM: Final = 10
_AFTERWARDS: Final = "failed after the response"
_OUTCOMES: Final[dict[Outcome, str]] = {
    "success": "succeeded",
    "error": "returned an error",
    "timeout": "timed out",
    "failure": "failed",
}
_ENDINGS: Final = (*_OUTCOMES.values(), _AFTERWARDS)
_SPANS: Final[dict[SpanName, str]] = {
    "responseLatency": "Response latency",
    "responseDuration": "Response duration",
    "runtimeOverhead": "Runtime overhead",
    "extensionOverhead": "Extension overhead",
}


class Summary:
    """Collects the figures of invocations.

    The column `cold` is the first invocation, unless it timed out or failed before its response. The
    percentiles are those of warm invocations: others include the start of programs. A warm invocation that
    timed out or failed, also after its response, counts only in the title.
    """

    def __init__(self) -> None:
        self._endings: Counter[str] = Counter()
        self._cold: dict[str, float] | None = None
        self._warm: list[dict[str, float]] = []
        self._restarts = 0

    def add(self, completed: Completed) -> None:
        is_first = not self._endings
        self._endings[_ending(completed.result)] += 1
        if completed.is_cold and not is_first:
            self._restarts += 1
        if is_first and completed.result.outcome in {"success", "error"}:
            self._cold = _figures(completed)
        elif not completed.is_cold and completed.result.report.status == "success":
            self._warm.append(_figures(completed))

    @property
    def has_invocations(self) -> bool:
        return bool(self._endings)

    def text(self) -> str:
        """Return the title, the table and, with enough warm invocations, the histogram; lines end in LF."""
        lines = [self._title(), *self._table()]
        if len(self._warm) >= _LEAST_FOR_HISTOGRAM:
            title = f"Duration of {len(self._warm):,} warm invocations"
            lines += ["", title, *histogram([each["Duration"] for each in self._warm])]
        return "".join(f"{line}\n" for line in lines)

    def _title(self) -> str:
        number = self._endings.total()
        parts = [f"{self._endings[each]:,} {each}" for each in _ENDINGS if self._endings[each]]
        title = f"{number:,} invocation{'s' if number > 1 else ''}: {', '.join(parts)}"
        if self._restarts:
            title += f"; {self._restarts:,} restart{'s' if self._restarts > 1 else ''}"
        return title

    def _table(self) -> list[str]:
        cold = self._cold or {}
        names = {name: None for each in (cold, *self._warm) for name in each}
        rows = [
            (name, *_cells(name, cold.get(name), _sorted(self._warm, name)))
            for name in sorted(names, key=_ORDER.index)
        ]
        if not rows:
            return []
        table = [("", *_COLUMNS), *rows]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        return [_line(row, widths) for row in table]


_ORDER: Final = ["Init", "Restore", "Duration", *_SPANS.values(), "Max memory used"]


def _ending(result: InvocationResult) -> str:
    """Return how an invocation ended; its result stands if it failed after the response."""
    has_result = result.outcome in {"success", "error"}
    return (
        _AFTERWARDS
        if has_result and result.report.status != "success"
        else _OUTCOMES[result.outcome]
    )


def _figures(completed: Completed) -> dict[str, float]:
    report = completed.result.report
    spans = {each.name: each.duration_ms for each in report.spans}
    if report.response_mode == "buffered":  # it arrives at once
        spans.pop("responseDuration", None)
    figures = {
        "Init": report.init_duration_ms,
        "Restore": report.restore_duration_ms,
        "Duration": report.duration_ms,
        **{title: spans.get(name) for name, title in _SPANS.items()},
        "Max memory used": report.max_memory_used_mb,
    }
    return {name: value for name, value in figures.items() if value is not None}


def _cells(name: str, cold: float | None, warm: Sequence[float]) -> Iterable[str]:
    values = [cold, *(_percentile(warm, each) if warm else None for each in _PERCENTILES)]
    unit = "{:.0f} MB" if name == "Max memory used" else "{:,.2f} ms"
    return ("" if each is None else unit.format(each) for each in values)


def _sorted(figures: Iterable[dict[str, float]], name: str) -> list[float]:
    return sorted(each[name] for each in figures if name in each)


def _percentile(ordered: Sequence[float], percent: int) -> float:
    """Return the smallest value that is not exceeded by this share of the values."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        row[0].ljust(widths[0]),
        *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
    ]
    return "  ".join(cells).rstrip()
