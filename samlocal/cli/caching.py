"""Where a command keeps what can be made again, if need be in a directory for temporary files."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeVar

from samlocal.cli.console import show_warning
from samlocal.data import cache_folder, temporary_cache
from samlocal.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_Made = TypeVar("_Made")


def in_cache(make: Callable[[Path], _Made]) -> _Made:
    """Return what `make` makes in the cache, or in a temporary one where the cache can't be written.

    Homes are read-only, missing or somebody else's in many CI containers.

    Raises:
        CacheError: Neither can be written.
    """
    try:
        return make(cache_folder())
    except CacheError as error:
        folder = _temporary_cache(error.hint)
    return make(folder)


@cache
def _temporary_cache(hint: str | None) -> Path:
    folder = temporary_cache()
    show_warning(f"the cache `{cache_folder()}` can't be written; using `{folder}`", hint=hint)
    return folder
