"""Logs for functions that are invoked from a program."""

from __future__ import annotations

import sys
from threading import Lock


class StderrLog:
    """Writes what a function writes to stderr, as it comes."""

    def write(self, output: bytes) -> None:
        sys.stderr.write(output.decode(errors="replace"))
        sys.stderr.flush()

    def line(self, text: str) -> None:
        self.write(f"{text}\n".encode(errors="replace"))


class LogBuffer:
    """Keeps what a function writes."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._lock = Lock()

    @property
    def text(self) -> str:
        """All that has been written so far; what is not UTF-8 is replaced."""
        with self._lock:
            return self._kept.decode(errors="replace")

    def write(self, output: bytes) -> None:
        with self._lock:
            self._kept += output

    def line(self, text: str) -> None:
        self.write(f"{text}\n".encode(errors="replace"))
