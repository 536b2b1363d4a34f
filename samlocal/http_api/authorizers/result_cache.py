"""Results that are kept for a time, and made once for all that ask meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable

MAX_ENTRIES: Final = 10_000

_T = TypeVar("_T")


class _Entry(NamedTuple, Generic[_T]):
    value: _T
    expires: float


class ResultCache(Generic[_T]):
    """Keeps results for the time that each is given, the newest `max_entries` of them.

    `clock` returns seconds. `is_kept` tells which results are worth keeping. What makes a result goes on when
    its caller is cancelled, as a function on Lambda does.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        is_kept: Callable[[_T], bool],
        max_entries: int = MAX_ENTRIES,
    ) -> None:
        self._clock = clock
        self._is_kept = is_kept
        self._max_entries = max_entries
        self._entries: dict[Hashable, _Entry[_T]] = {}
        self._making: dict[Hashable, asyncio.Task[_T]] = {}
        self._tasks: set[asyncio.Task[_T]] = set()

    def find(self, key: Hashable) -> _T | None:
        """Return a result that has not expired."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires <= self._clock():
            del self._entries[key]
            return None
        return entry.value

    async def make(
        self, key: Hashable, seconds: float, make: Callable[[], Coroutine[object, object, _T]]
    ) -> _T:
        """Make a result and keep it; callers with the same key meanwhile get the same."""
        task = self._making.get(key)
        if task is None:
            task = self._start(self._make(key, seconds, make))
            self._making[key] = task
        return await asyncio.shield(task)

    async def make_unkept(self, make: Callable[[], Coroutine[object, object, _T]]) -> _T:
        """Make a result for one caller."""
        return await asyncio.shield(self._start(make()))

    def forget(self) -> None:
        """Drop all results, also those that are being made."""
        self._entries.clear()
        self._making.clear()

    async def close(self) -> None:
        """Cancel what makes results."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, coroutine: Coroutine[object, object, _T]) -> asyncio.Task[_T]:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._finish)
        return task

    def _finish(self, task: asyncio.Task[_T]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # which a caller that was cancelled does not ask for

    async def _make(
        self, key: Hashable, seconds: float, make: Callable[[], Coroutine[object, object, _T]]
    ) -> _T:
        own = asyncio.current_task()
        try:
            value = await make()
            if self._making.get(key) is own and self._is_kept(value):
                self._keep(key, value, seconds)
        finally:
            if self._making.get(key) is own:
                del self._making[key]
        return value

    def _keep(self, key: Hashable, value: _T, seconds: float) -> None:
        self._entries.pop(key, None)
        while len(self._entries) >= self._max_entries:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = _Entry(value, self._clock() + seconds)
