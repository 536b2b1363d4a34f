"""The last requests, and who wants to know of new ones."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.http_api.console.entry import ConsoleEntry

MAX_ENTRIES: Final = 200
MAX_BYTES: Final = 64 * 1024 * 1024


class History:
    """The entries, the oldest first: at most 200, and at most 64 MB."""

    def __init__(self) -> None:
        self._entries: dict[str, ConsoleEntry] = {}
        self._bytes = 0
        self._followers: set[Follower] = set()

    def __iter__(self) -> Iterator[ConsoleEntry]:
        return iter(tuple(self._entries.values()))

    def find(self, identifier: str) -> ConsoleEntry | None:
        return self._entries.get(identifier)

    def put(self, entry: ConsoleEntry) -> None:
        """Add an entry, or replace the one with its identifier, and tell all followers."""
        if (known := self._entries.get(entry.identifier)) is not None:
            self._bytes -= known.size
        self._entries[entry.identifier] = entry
        self._bytes += entry.size
        while len(self._entries) > MAX_ENTRIES or (
            self._bytes > MAX_BYTES and len(self._entries) > 1
        ):
            oldest = next(iter(self._entries))
            self._bytes -= self._entries.pop(oldest).size
        for each in self._followers:
            each.tell(entry.identifier)

    def clear(self) -> None:
        self._entries.clear()
        self._bytes = 0

    def follow(self) -> Follower:
        """Return a follower, which has to be given to `forget` later."""
        follower = Follower(self)
        self._followers.add(follower)
        return follower

    def forget(self, follower: Follower) -> None:
        self._followers.discard(follower)

    def end(self) -> None:
        """End all followers: there will be nothing new."""
        for each in self._followers:
            each.end()


class Follower:
    """Waits for entries: a slow one sees the last state of each, and needs no more memory than their identifiers."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._changed: dict[str, None] = {}
        self._news = asyncio.Event()
        self.is_ended = False

    def tell(self, identifier: str) -> None:
        self._changed[identifier] = None
        self._news.set()

    def end(self) -> None:
        self.is_ended = True
        self._news.set()

    async def wait(self, seconds: float) -> list[ConsoleEntry]:
        """Return the entries that are new or different, none after so many seconds or at the end."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return []
        self._news.clear()
        changed, self._changed = self._changed, {}
        found = (self._history.find(each) for each in changed)
        return [each for each in found if each is not None]
