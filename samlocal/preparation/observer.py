"""The observers of a preparation."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from logging import Logger

    from samlocal.diagnostics import Diagnostic


class Reporter(Protocol):
    """Receives the diagnostics and the progress of a preparation."""

    def show_diagnostic(self, diagnostic: Diagnostic) -> None:
        """Receive a diagnostic."""

    def show_status(self, text: str) -> None:
        """Receive a line about slow work, such as a download."""


class Observer(Reporter, Protocol):
    """A reporter that also knows when an interruption would do harm."""

    def uninterrupted(self) -> AbstractContextManager[Callable[[], None]]:
        """Return a context that defers interruptions, so that no incomplete files stay in the cache.

        It yields a function that raises a deferred interruption; it is called where that is safe.
        """


class LoggingObserver:
    """Passes everything to a logger, and leaves signals to the program's own handlers."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger

    def show_diagnostic(self, diagnostic: Diagnostic) -> None:
        place = f"{diagnostic.place}: " if diagnostic.place else ""
        hint = f" ({diagnostic.hint})" if diagnostic.hint else ""
        self._logger.warning("%s%s%s", place, diagnostic.message, hint)

    def show_status(self, text: str) -> None:
        self._logger.info("%s", text)

    def uninterrupted(self) -> AbstractContextManager[Callable[[], None]]:
        return signals_left_alone()


def signals_left_alone() -> AbstractContextManager[Callable[[], None]]:
    """Return the `uninterrupted` of an observer of a program that no signal interrupts."""
    return nullcontext(_check_nothing)


def _check_nothing() -> None: ...
