"""An observer that shows each diagnostic once, for preparations in several threads."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from samlocal.preparation.observer import signals_left_alone

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from samlocal.diagnostics import Diagnostic
    from samlocal.preparation.observer import Reporter


class OnceObserver:
    """Passes each diagnostic on once. Signals are not deferred: no signal interrupts a thread."""

    def __init__(self, observer: Reporter) -> None:
        self._observer = observer
        self._shown: set[Diagnostic] = set()
        self._lock = Lock()

    def show_diagnostic(self, diagnostic: Diagnostic) -> None:
        with self._lock:
            if diagnostic in self._shown:
                return
            self._shown.add(diagnostic)
            self._observer.show_diagnostic(diagnostic)

    def forget(self, *diagnostics: Diagnostic) -> None:
        """Let diagnostics be shown again when what they are about happens again."""
        with self._lock:
            self._shown.difference_update(diagnostics)

    def show_status(self, text: str) -> None:
        with self._lock:
            self._observer.show_status(text)

    def uninterrupted(self) -> AbstractContextManager[Callable[[], None]]:
        return signals_left_alone()
