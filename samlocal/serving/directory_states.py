"""The states of directories that many functions may share, each computed once until it changes."""

from __future__ import annotations

from collections import Counter
from threading import Lock

from samlocal.serving.directory_state import directory_state


class DirectoryStates:
    """Keeps the state of each directory until `forget`; for several threads."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._changes: Counter[str] = Counter()
        self._lock = Lock()

    def get(self, path: str) -> str:
        """Return the state of a directory or a file: see `directory_state`."""
        with self._lock:
            if known := self._known.get(path):
                return known
            changes = self._changes[path]
        state = directory_state(path)
        with self._lock:
            if self._changes[path] == changes:  # else the walk may have missed the change
                self._known[path] = state
        return state

    def forget(self, path: str) -> None:
        """Let the next call compute the state of a directory, because it has changed."""
        with self._lock:
            self._changes[path] += 1
            self._known.pop(path, None)
