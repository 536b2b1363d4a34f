"""Where a value comes from that the template only refers to, for whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_T = TypeVar("_T")
_P = ParamSpec("_P")


class Provenance:
    """Collects the sources that are used while something is computed."""

    def __init__(self) -> None:
        self._used: dict[str, None] = {}

    def add(self, sources: Iterable[str]) -> None:
        self._used.update(dict.fromkeys(sources))

    def of(
        self, compute: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> tuple[_T, tuple[str, ...]]:
        """Return what is computed, and its sources; they don't count for what surrounds it."""
        around, self._used = self._used, {}
        try:
            return compute(*args, **kwargs), tuple(self._used)
        finally:
            self._used = around
