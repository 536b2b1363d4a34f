"""What preparations and invocations need of a watch over files, and a watch that does not look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


class SourceWatch(Protocol):
    """Watches the files that a project and its functions depend on; all calls are in one event loop."""

    def is_settled(self) -> bool:
        """Return whether all changes of files up to now are taken into account; this takes microseconds."""

    async def settled(self) -> None:
        """Wait until all changes of files up to now are taken into account."""

    async def add_files(self, files: Collection[Path], *, since_ns: int | None = None) -> None:
        """Watch files that a project is read from; they need not exist.

        Those that were changed after `since_ns` (Unix time in nanoseconds) are taken for changed.
        """

    async def add_sources(self, paths: Collection[Path]) -> None:
        """Watch directories and archives with code."""


class Unwatched:
    """A watch for a project whose first state is served for ever."""

    def is_settled(self) -> bool:
        return True

    async def settled(self) -> None: ...

    async def add_files(self, files: Collection[Path], *, since_ns: int | None = None) -> None: ...

    async def add_sources(self, paths: Collection[Path]) -> None: ...
