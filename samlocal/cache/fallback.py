"""A cache for temporary files, where the user's own cannot be written."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from samlocal.data import temporary_cache
from samlocal.diagnostics import Diagnostic
from samlocal.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_T = TypeVar("_T")


def in_cache(
    make: Callable[[Path], _T], cache: Path, *, report: Callable[[Diagnostic], None]
) -> _T:
    """Return what `make` makes in the cache, or in a temporary one where the cache cannot be written.

    Homes are read-only, missing or somebody else's in many CI containers. `report` is told of that.

    Raises:
        CacheError: Neither can be written.
    """
    try:
        return make(cache)
    except CacheError as error:
        folder = temporary_cache()
        message = f"the cache `{cache}` cannot be written; using `{folder}`"
        report(Diagnostic(message=message, hint=error.hint))
    return make(folder)
