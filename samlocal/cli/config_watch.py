"""Changes of configuration files, as events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchfiles import awatch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection
    from pathlib import Path


async def changes(files: Collection[Path]) -> AsyncIterator[str]:
    """Yield the name of a file whenever one of them is written, appears or goes; they need not exist.

    The paths are absolute, and their folders exist. An editor may replace a file, so folders are watched.
    """
    names = {str(each) for each in files}
    folders = {each.parent for each in files}
    async for changed in awatch(
        *folders, watch_filter=lambda _, path: path in names, recursive=False
    ):
        yield min(path.rpartition("/")[2] for _, path in changed)
