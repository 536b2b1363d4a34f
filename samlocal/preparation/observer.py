"""Who watches while a function is prepared."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from logging import Logger

    from samlocal.diagnostics import Diagnostic


class Observer(Protocol):
    """Is told what happens, as it happens."""

    def show_diagnostic(self, diagnostic: Diagnostic) -> None:
        """Take what was dropped, guessed or is about to surprise."""

    def show_status(self, text: str) -> None:
        """Take a line about work that takes a while, such as a download."""

    def uninterrupted(self) -> AbstractContextManager[Callable[[], None]]:
        """Return a context in which interruptions wait: half an archive must not stay in a cache.

        What it gives is called where an interruption does no harm, and raises it.
        """


class LoggingObserver:
    """Hands everything to a logger, and leaves signals to the program's own handlers."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger

    def show_diagnostic(self, diagnostic: Diagnostic) -> None:
        place = f"{diagnostic.place}: " if diagnostic.place else ""
        hint = f" ({diagnostic.hint})" if diagnostic.hint else ""
        self._logger.warning("%s%s%s", place, diagnostic.message, hint)

    def show_status(self, text: str) -> None:
        self._logger.info("%s", text)

    def uninterrupted(self) -> AbstractContextManager[Callable[[], None]]:
        return nullcontext(_check_nothing)


def _check_nothing() -> None: ...
