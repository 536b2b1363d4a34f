"""Logs for functions that a program invokes."""

from __future__ import annotations

import sys
from codecs import getincrementaldecoder
from contextlib import suppress

from samlocal.function_log import FunctionLog, PlainDestination


class StderrLog(FunctionLog):
    """Writes to `sys.stderr` of the program, whatever that is; a stderr that cannot be written takes nothing."""

    def __init__(self) -> None:
        super().__init__(PlainDestination(self._write))
        self._decoder = getincrementaldecoder("utf-8")("replace")

    def _write(self, output: bytes) -> None:
        if sys.stderr is None:
            return
        with suppress(OSError, ValueError):
            if buffer := getattr(sys.stderr, "buffer", None):
                sys.stderr.flush()
                buffer.write(output)
            else:
                sys.stderr.write(self._decoder.decode(output))
            sys.stderr.flush()


class LogBuffer(FunctionLog):
    """Keeps the output."""

    def __init__(self) -> None:
        self._kept = bytearray()
        super().__init__(PlainDestination(self._kept.extend))

    @property
    def text(self) -> str:
        """The output so far; bytes that are not UTF-8 are replaced."""
        with self._lock:
            return self._kept.decode(errors="replace")
