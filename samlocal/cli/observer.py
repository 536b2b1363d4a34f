"""Shows the progress and the diagnostics of preparing a function."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from samlocal.cli.console import print_status, show_diagnostic
from samlocal.cli.signals import DeferredSignals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from samlocal.cli.console_log import ConsoleLog
    from samlocal.diagnostics import Diagnostic


class ConsoleObserver:
    """Shows each diagnostic once, as a warning on stderr; defers signals while a cache is written."""

    def __init__(self) -> None:
        self._shown: set[Diagnostic] = set()

    def show(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self.show_diagnostic(diagnostic)

    def show_diagnostic(self, diagnostic: Diagnostic) -> None:
        if diagnostic not in self._shown:
            self._shown.add(diagnostic)
            show_diagnostic(diagnostic)

    def show_status(self, text: str) -> None:
        print_status(text)

    @contextmanager
    def uninterrupted(self) -> Iterator[Callable[[], None]]:
        with DeferredSignals() as signals:
            yield signals.raise_if_any


class ServingObserver:
    """Shows what it gets, between lines of the log; its caller knows what was shown before."""

    def __init__(self, log: ConsoleLog) -> None:
        self._log = log

    def show_diagnostic(self, diagnostic: Diagnostic) -> None:
        self._log.interrupt()
        show_diagnostic(diagnostic)

    def show_status(self, text: str) -> None:
        self._log.interrupt()
        print_status(text)
