"""Marks in the output of a process, which a shell in its container writes.

When a runtime calls `next`, or has ended, its last output is still on its way through the engine. All output
before a mark was written before it.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# Occurs once in a mark, and hardly ever in a function's output.
_FIRST_BYTE: Final = b"\x1e"
# Written on demand, to separate the output of invocations.
_FLUSH: Final = b"f"
# Written after the end of a process.
_END: Final = b"e"
# After this long, no mark will come: the function has stopped the shell, or closed its pipe.
_LONGEST_WAIT_SECONDS: Final = 2.0


def new_token() -> str:
    """Return a text that no process writes by chance."""
    return os.urandom(16).hex()


def mark_of(token: str) -> bytes:
    """Return the bytes that all marks and messages with a token begin with."""
    return _FIRST_BYTE + token.encode()


class OutputMarks:
    """Removes the marks from the output of a process.

    `request` asks the shell for a mark. `ended` is called at the mark that follows the end of the process.
    """

    def __init__(
        self, token: str, *, request: Callable[[], None], ended: Callable[[], None]
    ) -> None:
        self._mark = mark_of(token)
        self._request = request
        self._ended = ended
        self._requested: deque[Future[None]] = deque()
        self._has_ended = False
        self._is_lost = False
        self._requesting = Lock()

    def request(self) -> Future[None] | None:
        """Request a mark; the result is done when `strip` has yielded all output before it.

        Return None if marks do not come any more.
        """
        if self._is_lost:
            return None
        mark: Future[None] = Future()
        with self._requesting:  # marks come in the order of the requests
            self._requested.append(mark)
            self._request()
        if self._has_ended:
            self._settle_all()
        return mark

    def wait(self) -> bool:
        """Request a mark, and wait until `strip` has yielded all output before it.

        Return False if no mark comes; after that, none is requested any more.
        """
        mark = self.request()
        if mark is None:
            return False
        try:
            mark.result(_LONGEST_WAIT_SECONDS)
        except TimeoutError:
            self._is_lost = True
            return False
        return True

    def strip(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the output of a process without the marks, for any chunking."""
        held = b""
        for piece in pieces:
            held += piece
            while (at := held.find(self._mark)) >= 0:
                after = at + len(self._mark)
                kind = held[after : after + 1]
                if at:
                    yield held[:at]
                held = held[at:]
                if not kind:
                    break
                self._note(kind)
                held = held[len(self._mark) + 1 :]
            else:
                end = self._beginning_of_mark(held)
                if end:
                    yield held[:end]
                held = held[end:]
        if held:
            yield held
        self._has_ended = True
        self._settle_all()

    def _note(self, kind: bytes) -> None:
        if kind == _END:
            self._ended()
        elif kind == _FLUSH:
            with suppress(IndexError):  # the function has written a mark itself
                self._requested.popleft().set_result(None)

    def _settle_all(self) -> None:
        with suppress(IndexError):
            while True:
                self._requested.popleft().set_result(None)

    def _beginning_of_mark(self, output: bytes) -> int:
        """Return the index after which output may be the beginning of a mark."""
        at = output.rfind(_FIRST_BYTE, -len(self._mark))
        return at if at >= 0 and self._mark.startswith(output[at:]) else len(output)
