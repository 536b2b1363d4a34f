"""Logs for functions that a program invokes."""

from __future__ import annotations

import sys
from threading import Lock


class StderrLog:
    """Writes a function's output to stderr at once."""

    def write(self, output: bytes) -> None:
        sys.stderr.write(output.decode(errors="replace"))
        sys.stderr.flush()

    def line(self, text: str) -> None:
        self.write(f"{text}\n".encode(errors="replace"))


class LogBuffer:
    """Collects a function's output."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._lock = Lock()

    @property
    def text(self) -> str:
        """The output so far; invalid UTF-8 is replaced."""
        with self._lock:
            return self._kept.decode(errors="replace")

    def write(self, output: bytes) -> None:
        with self._lock:
            self._kept += output

    def line(self, text: str) -> None:
        self.write(f"{text}\n".encode(errors="replace"))
