"""The output of a function, and the logs that it is written to."""

from __future__ import annotations

import time
from threading import Condition
from typing import TYPE_CHECKING, Final, Protocol, TypeGuard

from samlocal.function_log import FunctionLog, PlainDestination

if TYPE_CHECKING:
    from collections.abc import Callable

# More output than this waits in the sandbox's pipe until a log is connected.
_KEPT_BYTES: Final = 1024 * 1024
# Output needs a few milliseconds to arrive.
_QUIET_SECONDS: Final = 0.02
_LONGEST_WAIT_SECONDS: Final = 0.5


class Log(Protocol):
    """The destination of a function's output; called from several threads.

    The first error that it raises is raised by the invocation, at its end.
    """

    def write(self, output: bytes) -> None:
        """Write output of the function."""

    def line(self, text: str) -> None:
        """Write a line of the platform, such as `START RequestId: …`."""


class LogOfSources(Log, Protocol):
    """A log that tells the output of extensions apart itself."""

    def named(self, name: str) -> Log:
        """Return the log of an extension; it keeps incomplete lines for later."""

    def flush(self) -> None:
        """Write the incomplete lines."""


def tells_sources_apart(log: Log) -> TypeGuard[LogOfSources]:
    """Return whether a log is a `LogOfSources`; for a protocol, `isinstance` takes ten times as long."""
    return hasattr(log, "named") and hasattr(log, "flush")


def named_log(log: Log, name: str) -> LogOfSources:
    """Return the log of an extension in a function's log: whole lines, which begin with `[NAME] `."""
    named = log.named(name) if tells_sources_apart(log) else None
    if named is not None and tells_sources_apart(named):
        return named
    return FunctionLog(PlainDestination((named or log).write)).named(name)


class GuardedLog:
    """A log whose errors are kept, because the reader of a function's output must not stop.

    After its first error, the log gets nothing until `raise_error` is called.
    """

    def __init__(self, log: Log, errors: list[BaseException] | None = None) -> None:
        self._log = log
        self._errors: list[BaseException] = [] if errors is None else errors
        self._named: dict[str, GuardedLog] = {}

    def write(self, output: bytes) -> None:
        self._call(self._log.write, output)

    def line(self, text: str) -> None:
        self._call(self._log.line, text)

    def named(self, name: str) -> GuardedLog:
        """Return the log of an extension, always the same; its errors are this log's."""
        if name not in self._named:
            self._named[name] = GuardedLog(named_log(self._log, name), self._errors)
        return self._named[name]

    def flush(self) -> None:
        """Write incomplete lines, also those of extensions."""
        for each in self._named.values():
            each.flush()
        if tells_sources_apart(self._log):
            self._call(self._log.flush)

    def raise_error(self) -> None:
        """Raise the log's first error, if there is one, and forget it."""
        if self._errors:
            error = self._errors[0]
            self._errors.clear()
            raise error

    def _call(self, method: Callable[..., None], *arguments: object) -> None:
        if self._errors:
            return
        try:
            method(*arguments)
        except BaseException as error:  # noqa: BLE001  # `raise_error` raises it
            self._errors.append(error)


class Output:
    """The output of a function: written to a log at once, and kept while there is none.

    A function that writes much without a log is paused, as Lambda pauses it between two invocations.
    """

    def __init__(self) -> None:
        self._log: Log | None = None
        self._kept = bytearray()
        self._is_closed = False
        self._changed = Condition()

    def write(self, output: bytes) -> None:
        """Write output of the function; wait while too much of it is kept."""
        with self._changed:
            self._changed.notify_all()
            self._changed.wait_for(self._has_room)
            if self._log is not None:
                self._log.write(output)
            elif not self._is_closed:
                self._kept += output

    def connect(self, log: Log | None) -> None:
        """Write the kept output and all further output to a log; None means to keep it."""
        with self._changed:
            self._log = log
            if log is not None and self._kept:
                log.write(bytes(self._kept))
                self._kept.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """Drop later output without a log, so that no writer waits for one."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _has_room(self) -> bool:
        return self._log is not None or self._is_closed or len(self._kept) < _KEPT_BYTES

    def wait_until_quiet(self) -> None:
        """Wait until no output has arrived for a moment."""
        latest = time.monotonic() + _LONGEST_WAIT_SECONDS
        with self._changed:
            while self._changed.wait(_QUIET_SECONDS) and time.monotonic() < latest:
                pass
