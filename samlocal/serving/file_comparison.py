"""Finds changed files by comparing their state, where the system does not watch them."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING

from samlocal.serving.directory_state import directory_state

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class FileComparison:
    """Remembers the state of files and directories; for several threads."""

    def __init__(self) -> None:
        self._states: dict[Path, str] = {}
        self._lock = Lock()
        self._compared = time.monotonic()

    @property
    def age_seconds(self) -> float:
        """The time since the last comparison began."""
        return time.monotonic() - self._compared

    def add(self, paths: Iterable[Path]) -> None:
        """Remember the present state of paths that are not known."""
        with self._lock:
            for path in paths:
                if path not in self._states:
                    self._states[path] = directory_state(str(path))

    def changed_paths(self) -> set[Path]:
        """Return the paths whose state is not the one that was seen last."""
        with self._lock:
            self._compared = time.monotonic()
            changed = set()
            for path, known in self._states.items():
                state = directory_state(str(path))
                if state != known:
                    changed.add(path)
                    self._states[path] = state
        return changed
