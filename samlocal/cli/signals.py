"""Ctrl-C, SIGTERM and SIGHUP: at once while there is nothing to clean up, in order while there is."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Final, NoReturn, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

# A terminal that is closed sends SIGHUP, unless `nohup` has it ignored; Windows has none.
_SIGNALS: Final = tuple(
    number
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if (number := getattr(signal, name, None)) and signal.getsignal(number) != signal.SIG_IGN
)
# A shell's exit status for a command that a signal ended.
_SIGNALLED: Final = 128
# Whoever presses Ctrl-C again after this long means it: the engine seems to hang.
_PATIENCE_SECONDS: Final = 3.0


def exit_on_signals() -> None:
    """From now on, let signals end the program at once: SIGINT with 130, SIGTERM with 143.

    Nothing is raised: an exception in the middle of an import, in the machinery that guards it, would
    be lost there and leave the other threads waiting for its locks.
    """
    for number in _SIGNALS:
        signal.signal(number, _exit)


class DeferredSignals:
    """Within the `with` block, a signal calls `notify` instead of breaking in anywhere."""

    def __init__(self) -> None:
        self.exit_code: int | None = None
        self._notify: Callable[[], None] | None = None
        self._since = 0.0

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            signal.signal(number, self._note)
        return self

    def __exit__(self, *exc_info: object) -> None:
        exit_on_signals()

    def raise_if_any(self) -> None:
        """Let the signal that has come, if one has, end the program now."""
        if self.exit_code is not None:
            raise SystemExit(self.exit_code)

    def notify(self, callback: Callable[[], None]) -> None:
        """Call back at the first signal, which may have come already."""
        self._notify = callback
        if self.exit_code is not None:
            callback()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.exit_code is None:
            self.exit_code = _SIGNALLED + number
            self._since = time.monotonic()
            if self._notify:
                self._notify()
        elif time.monotonic() - self._since > _PATIENCE_SECONDS:
            os._exit(self.exit_code)


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(_SIGNALLED + number)
