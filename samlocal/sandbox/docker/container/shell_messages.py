"""The messages of a shell that supervises processes, on its stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.sandbox.docker.container.output_marks import mark_of
from samlocal.sandbox.docker.container.supervisor_script import IN_BACKGROUND
from samlocal.sandbox.signal_names import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable

# Shells and inits add this to the number of a signal.
SIGNALLED: Final = 128
_LAST_SIGNAL: Final = 64  # https://man7.org/linux/man-pages/man7/signal.7.html
# Programs do not exit with these statuses: SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGSEGV.
_UNMISTAKABLE: Final = frozenset({4, 6, 7, 8, 9, 11})
_IN_BACKGROUND: Final = tuple(each.encode() for each in IN_BACKGROUND)


@frozen
class ReportedExit:
    """The exit of a process as its shell reports it.

    `oom_kills` is the number of processes of the container that the kernel has killed for their memory so
    far, None if unknown.
    """

    status: int
    signal: int | None
    oom_kills: int | None


class ShellMessages:
    """Takes a shell's stderr apart: messages between two marks, and other text.

    `handle` gets each message, the word and the rest. The text is the shell's own if a message about an exit
    that names a signal follows. Everything else is the function's, which can write there too, through `/proc/1/fd/2`; it goes
    to `log` at once, except its last piece.
    """

    def __init__(
        self, token: str, *, handle: Callable[[str, bytes], None], log: Callable[[bytes], None]
    ) -> None:
        self.last = b""
        self._mark = mark_of(token)
        self._handle = handle
        self._log = log
        self._pending = b""

    def take(self, piece: bytes) -> None:
        """Take the next piece of the shell's stderr."""
        *parts, rest = (self._pending + piece).split(self._mark)
        complete = len(parts) - len(parts) % 2
        for text, message in zip(parts[0:complete:2], parts[1:complete:2], strict=True):
            self._take_text(text)
            word, _, details = message.partition(b" ")
            self._handle(word.decode(errors="replace"), details)
        if len(parts) > complete:
            self._take_text(parts[-1])
            self._pending = self._mark + rest
        else:
            end = rest.rfind(self._mark[:1])
            is_beginning = end >= 0 and self._mark.startswith(rest[end:])
            end = end if is_beginning else len(rest)
            self._take_text(rest[:end])
            self._pending = rest[end:]

    def take_exit(self, details: bytes) -> ReportedExit:
        """Return the exit that a message is about."""
        status, _, kills = details.partition(b" ")
        signal = signal_of(int(status), self.last)
        if signal is None:
            self.pass_on()
        self.last = b""
        return ReportedExit(
            status=int(status), signal=signal, oom_kills=int(kills) if kills else None
        )

    def pass_on(self) -> None:
        """Log the last piece, which is not the shell's."""
        if self.last:
            self._log(self.last)
        self.last = b""

    def _take_text(self, text: bytes) -> None:
        if any(each in text for each in _IN_BACKGROUND):
            lines = text.splitlines(keepends=True)
            text = b"".join(
                line for line in lines if not any(each in line for each in _IN_BACKGROUND)
            )
        if text:
            self.pass_on()
            self.last = text


def signal_of(status: int | None, words: bytes | None) -> int | None:
    """Return the signal that ended a program, from its exit status and the last output on stderr.

    A shell names the signal. Without a shell, `words` is None, and only a few signals are known from the
    status.
    """
    number = (status or 0) - SIGNALLED
    name = SIGNALS.get(number, "").encode()
    is_told = number in _UNMISTAKABLE if words is None else bool(words) and name in words.lower()
    return number if 0 < number <= _LAST_SIGNAL and is_told else None
