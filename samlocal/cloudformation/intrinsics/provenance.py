"""The sources of values that a template refers to, and the diagnostics about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from samlocal.diagnostics import Diagnostic

    Trace = str | Diagnostic  # a source, or a diagnostic for each use of the value

_T = TypeVar("_T")
_P = ParamSpec("_P")


class Provenance:
    """Collects the traces of a computation: the sources that it uses, and diagnostics."""

    def __init__(self) -> None:
        self._collected: list[dict[Trace, None]] = []

    def add(self, traces: Iterable[Trace]) -> bool:
        """Add traces to the running computation; return whether there is one."""
        if self._collected:
            self._collected[-1].update(dict.fromkeys(traces))
        return bool(self._collected)

    def of(
        self, compute: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> tuple[_T, tuple[Trace, ...]]:
        """Return a computed value and its traces, which are not added to an enclosing computation."""
        self._collected.append({})
        try:
            return compute(*args, **kwargs), tuple(self._collected[-1])
        finally:
            self._collected.pop()
