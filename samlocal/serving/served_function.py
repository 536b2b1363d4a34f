"""One served function: its prepared versions, each prepared once until something changes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from samlocal.errors import FunctionNotFoundError, SamlocalError
from samlocal.qualifier import LATEST, qualify

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection
    from pathlib import Path

    from samlocal.function import Function
    from samlocal.qualifier import QualifiedFunction
    from samlocal.serving.function_preparation import PreparedVersion


class ServedFunction:
    """Prepares versions of one function on demand, and keeps them until `invalidate`.

    Callers at the same time share one preparation. `prepare` makes a version.
    """

    def __init__(self, prepare: Callable[[str], Awaitable[PreparedVersion]]) -> None:
        self._prepare = prepare
        self._generation = 0
        self._ready: dict[str, PreparedVersion] = {}
        self._underway: dict[str, asyncio.Task[PreparedVersion]] = {}

    def ready(self, version: str) -> PreparedVersion | None:
        """Return a version if it is prepared."""
        return self._ready.get(version)

    @property
    def versions(self) -> Collection[PreparedVersion]:
        """The versions that are prepared."""
        return self._ready.values()

    @property
    def is_underway(self) -> bool:
        """Whether a version is being prepared."""
        return bool(self._underway)

    def depends_on(self, paths: Collection[Path]) -> bool:
        """Return whether the code of a prepared version is in one of these directories and archives."""
        return any(not version.paths.isdisjoint(paths) for version in self.versions)

    async def prepared(self, version: str) -> PreparedVersion:
        """Return a version, prepared after the last change.

        Raises:
            SamlocalError: It cannot be prepared; the next call tries again.
        """
        while True:
            if ready := self._ready.get(version):
                return ready
            generation = self._generation
            task = self._underway.get(version)
            if task is None:
                task = asyncio.create_task(self._run(version, generation))
                task.add_done_callback(_retrieve)
                self._underway[version] = task
            try:
                prepared = await asyncio.shield(task)
            except SamlocalError:
                if generation == self._generation:
                    raise
            else:
                if generation == self._generation:
                    return prepared

    def invalidate(self) -> tuple[str, ...]:
        """Forget all versions, because something has changed; return those that were in use."""
        versions = tuple(dict.fromkeys((*self._ready, *self._underway)))
        self._generation += 1
        self._ready = {}
        self._underway = {}
        return versions

    async def _run(self, version: str, generation: int) -> PreparedVersion:
        try:
            prepared = await self._prepare(version)
            if generation == self._generation:
                self._ready[version] = prepared
        finally:
            if generation == self._generation:
                self._underway.pop(version, None)
        return prepared


def select_version(function: Function, qualifier: str | None) -> QualifiedFunction:
    """Return the version that a qualifier selects, and the ARN with it.

    As in Lambda, and unlike `qualify`, only a version that is published exists.

    Raises:
        FunctionNotFoundError: The function has no such version or alias.
        UsageError: The qualifier is malformed.
    """
    qualified = qualify(function, qualifier)
    if qualified.version != LATEST and qualified.version not in function.qualifiers.values():
        raise FunctionNotFoundError(
            f"Function not found: {qualified.arn}",
            hint=f"the template publishes no version {qualified.version} of `{function.name}`",
        )
    return qualified


def _retrieve(task: asyncio.Task[PreparedVersion]) -> None:
    """Take the error of a preparation, which nobody may wait for any more."""
    if not task.cancelled():
        task.exception()
