"""Handles Ctrl-C, SIGTERM and SIGHUP: exits at once, or after cleaning up if there is something to clean up."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Final, NoReturn, Self

from samlocal.child_groups import end_groups

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

# A closed terminal sends SIGHUP, unless `nohup` ignores it; Windows does not have it.
SIGNALS: Final = tuple(
    number
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if (number := getattr(signal, name, None)) and signal.getsignal(number) != signal.SIG_IGN
)
# The base of a shell's exit status for a command that a signal ended.
SIGNALLED: Final = 128
# A second Ctrl-C after this time forces the exit: the engine may hang.
_FORCE_EXIT_SECONDS: Final = 3.0


def exit_on_signals() -> None:
    """Let signals end the program at once from now on: SIGINT with 130, SIGTERM with 143.

    The handler raises no exception: during an import it would be lost, and leave other threads waiting
    for import locks.
    """
    for number in SIGNALS:
        signal.signal(number, _exit)


class DeferredSignals:
    """Within the `with` block, a signal calls the callback of `notify` instead of ending the program."""

    def __init__(self) -> None:
        self.exit_code: int | None = None
        self._notify: Callable[[], None] | None = None
        self._since = 0.0

    def __enter__(self) -> Self:
        for number in SIGNALS:
            signal.signal(number, self._note)
        return self

    def __exit__(self, *exc_info: object) -> None:
        exit_on_signals()

    def raise_if_any(self) -> None:
        """End the program now if a signal has arrived."""
        if self.exit_code is not None:
            raise SystemExit(self.exit_code)

    def notify(self, callback: Callable[[], None]) -> None:
        """Call back on the first signal, or now if it has already arrived."""
        self._notify = callback
        if self.exit_code is not None:
            callback()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.exit_code is None:
            self.exit_code = SIGNALLED + number
            self._since = time.monotonic()
            if self._notify:
                self._notify()
        elif time.monotonic() - self._since > _FORCE_EXIT_SECONDS:
            end_groups()
            os._exit(self.exit_code)


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    end_groups()
    os._exit(SIGNALLED + number)
