"""The end of an invocation's log, for `LogType=Tail`."""

from __future__ import annotations

import base64
from threading import Lock
from typing import Final

# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_ResponseElements
_TAIL_BYTES: Final = 4096


class LogTail:
    """A log that keeps its last 4 KB; it is written from several threads."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._lock = Lock()

    def write(self, output: bytes) -> None:
        with self._lock:
            self._kept += output[-_TAIL_BYTES:]
            if len(self._kept) > 2 * _TAIL_BYTES:
                del self._kept[:-_TAIL_BYTES]

    def line(self, text: str) -> None:
        self.write(text.encode(errors="backslashreplace") + b"\n")

    def encoded(self) -> bytes:
        """Return the last 4 KB in base64."""
        with self._lock:
            return base64.b64encode(self._kept[-_TAIL_BYTES:])
