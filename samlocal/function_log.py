"""The log of a function: its output, with Lambda's lines around it."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class FunctionLog:
    """The output of a function and the platform, in their order; `put` takes each piece.

    Runtimes write carriage returns instead of line feeds, so that CloudWatch does not split a message. They
    become line feeds, and each line of the platform stands on a line of its own.
    """

    def __init__(self, put: Callable[[bytes], None]) -> None:
        self._put = put
        self._lock = Lock()
        self._at_line_start = True
        self._after_return = False

    def write(self, output: bytes) -> None:
        with self._lock:
            self._pass_on(self._line_feeds(output))

    def line(self, text: str) -> None:
        with self._lock:
            line = text.encode(errors="backslashreplace")  # may quote bytes that are not text
            self._pass_on((b"" if self._at_line_start else b"\n") + line + b"\n")

    def _line_feeds(self, output: bytes) -> bytes:
        if not output:
            return output
        if self._after_return and output.startswith(b"\n"):
            output = output[1:]
        self._after_return = output.endswith(b"\r")
        return output.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _pass_on(self, output: bytes) -> None:
        if output:
            self._at_line_start = output.endswith(b"\n")
            self._put(output)
