"""A log that keeps what it gets, for an invocation that is still to come."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

from samlocal.sandbox.output import named_log, tells_sources_apart

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.sandbox.output import Log

# A function that writes more than this before its first invocation loses the rest.
_MOST_BYTES: Final = 4 * 1024 * 1024
_LOST: Final = "[more output before the first invocation is not shown]"


class KeptLog:
    """Keeps output and lines in their order until `give_to`, and passes them on from then on."""

    def __init__(self) -> None:
        self._calls: list[Callable[[Log], None]] = []
        self._bytes = 0
        self._target: Log | None = None
        self._lock = Lock()

    def write(self, output: bytes) -> None:
        self.call(lambda log: log.write(output), len(output))

    def line(self, text: str) -> None:
        self.call(lambda log: log.line(text), len(text))

    def named(self, name: str) -> _KeptSource:
        """Return the log of an extension."""
        return _KeptSource(self, name)

    def flush(self) -> None:
        def flush(log: Log) -> None:
            if tells_sources_apart(log):
                log.flush()

        self.call(flush, 0)

    def give_to(self, target: Log) -> None:
        """Pass on what is kept, and everything from now on."""
        with self._lock:
            self._target = target
            for call in self._calls:
                call(target)
            self._calls.clear()

    def call(self, call: Callable[[Log], None], size: int) -> None:
        """Call the log, now or as soon as there is one; `size` is in bytes."""
        with self._lock:
            if self._target is not None:
                call(self._target)
                return
            before, self._bytes = self._bytes, self._bytes + size
            if self._bytes <= _MOST_BYTES:
                self._calls.append(call)
            elif before <= _MOST_BYTES:
                self._calls.append(lambda log: log.line(_LOST))


class _KeptSource:
    """The log of an extension in a kept log."""

    def __init__(self, kept: KeptLog, name: str) -> None:
        self._kept = kept
        self._name = name

    def write(self, output: bytes) -> None:
        self._kept.call(lambda log: named_log(log, self._name).write(output), len(output))

    def line(self, text: str) -> None:
        self._kept.call(lambda log: named_log(log, self._name).line(text), len(text))

    def named(self, name: str) -> _KeptSource:
        return _KeptSource(self._kept, name)

    def flush(self) -> None:
        """Pass on an incomplete line."""

        def flush(log: Log) -> None:
            source = named_log(log, self._name)
            if tells_sources_apart(source):
                source.flush()

        self._kept.call(flush, 0)
