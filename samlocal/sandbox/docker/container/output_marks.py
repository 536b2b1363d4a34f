"""Marks in a container's output, which separate the output of consecutive invocations.

When a runtime calls `next`, the last output of the function is still on its way through the engine. A shell
in the container copies a mark from its input to the function's pipe. All earlier output comes before the mark.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from threading import Condition
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# Occurs once in a mark, and hardly ever in a function's output.
_FIRST_BYTE: Final = b"\x1e"
# After this long, no mark will come: the function has stopped the shell, or closed its pipe.
_LONGEST_WAIT_SECONDS: Final = 2.0


class OutputMarks:
    """Sends marks to the shell in a container, and removes them from the container's output."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._mark = _FIRST_BYTE + secrets.token_hex(16).encode()
        self._sent = 0
        self._received = 0
        self._has_ended = False
        self._changed = Condition()

    def wait(self) -> None:
        """Send a mark, and wait until `strip` has yielded all output before it."""
        with suppress(OSError):  # the container has ended
            self._send(self._mark + b"\n")
        with self._changed:
            self._sent += 1
            mark = self._sent
            self._changed.wait_for(
                lambda: self._has_ended or self._received >= mark, _LONGEST_WAIT_SECONDS
            )

    def strip(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield a container's output without the marks, for any chunking."""
        held = b""
        for piece in pieces:
            *marked, held = (held + piece).split(self._mark)
            for output in marked:
                if output:
                    yield output
                self._note_mark()
            end = self._beginning_of_mark(held)
            if end:
                yield held[:end]
            held = held[end:]
        if held:
            yield held
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def _note_mark(self) -> None:
        with self._changed:
            self._received += 1
            self._changed.notify_all()

    def _beginning_of_mark(self, output: bytes) -> int:
        """Return the index after which output may be the beginning of a mark."""
        at = output.rfind(_FIRST_BYTE, -len(self._mark))
        return at if at >= 0 and self._mark.startswith(output[at:]) else len(output)
