"""Where values come from that a template only refers to, and the diagnostics about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from samlocal.diagnostics import Diagnostic

    Trace = str | Diagnostic  # a source, or a diagnostic wherever the value is used

_T = TypeVar("_T")
_P = ParamSpec("_P")


class Provenance:
    """Collects what is used while something is computed."""

    def __init__(self) -> None:
        self._collected: list[dict[Trace, None]] = []

    def add(self, traces: Iterable[Trace]) -> bool:
        """Remember what is used; return whether a computation collects it."""
        if self._collected:
            self._collected[-1].update(dict.fromkeys(traces))
        return bool(self._collected)

    def of(
        self, compute: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> tuple[_T, tuple[Trace, ...]]:
        """Return what is computed, and what is used for it; that doesn't count for what surrounds it."""
        self._collected.append({})
        try:
            return compute(*args, **kwargs), tuple(self._collected[-1])
        finally:
            self._collected.pop()
