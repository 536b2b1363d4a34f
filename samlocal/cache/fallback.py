"""A temporary cache, used if the user's own cannot be written."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from samlocal.data import temporary_cache
from samlocal.diagnostics import Diagnostic
from samlocal.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_T = TypeVar("_T")


def with_cache(
    make: Callable[[Path], _T], cache: Path, *, report: Callable[[Diagnostic], None]
) -> _T:
    """Call `make` with the cache, or with a temporary one if the cache cannot be written.

    In many CI containers the home is read-only, missing or another user's. `report` gets a diagnostic.

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
