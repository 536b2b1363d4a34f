"""The log of a function: its output, with Lambda's lines around it."""

from __future__ import annotations

from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

# More output than this does not wait for the end of a line.
_MOST_WAITING_BYTES: Final = 256 * 1024


class Source(NamedTuple):
    """What wrote a line: an extension of an environment, or else the function; both may have no name."""

    environment: str = ""
    extension: str = ""


class Destination(Protocol):
    """Receives a log."""

    def put(self, output: bytes) -> None:
        """Receive a piece of the log."""

    def mark(self, source: Source) -> str:
        """Return what stands before each line of a source, or an empty string."""


class PlainDestination:
    """Gives a log to a function; only lines of extensions are marked: `[NAME] line`."""

    def __init__(self, put: Callable[[bytes], None]) -> None:
        self.put = put

    def mark(self, source: Source) -> str:
        return f"[{printable(source.extension)}] " if source.extension else ""


class FunctionLog:
    """The output of a function and the platform, in their order, in one or more destinations.

    Runtimes write carriage returns instead of line feeds, so that CloudWatch does not split a message. They
    become line feeds, and each line of the platform stands on a line of its own.

    The function's output is passed on as it comes. Output of named sources is passed on in whole lines,
    between those of the function. `stamp` returns what stands before the mark of each line.
    """

    def __init__(self, *destinations: Destination, stamp: Callable[[], str] | None = None) -> None:
        self._destinations = destinations
        self._stamp = stamp
        self._lock = Lock()
        self._returns = _CarriageReturns()
        self._at_line_start = True
        self._waiting: list[tuple[Source, bytes]] = []
        self._waiting_bytes = 0
        self._incomplete: dict[SourceLog, None] = {}

    def write(self, output: bytes) -> None:
        with self._lock:
            self._put(Source(), self._returns.replace(output))
            if self._at_line_start and self._waiting:
                self._put_waiting()

    def line(self, text: str) -> None:
        with self._lock:
            self._end_line()
            self._put(Source(), _encoded(text))

    def named(self, name: str) -> SourceLog:
        """Return the log of an extension."""
        return self._source_log(Source(extension=name))

    def environment(self, name: str) -> SourceLog:
        """Return the log of one of several environments; those share the destinations."""
        return self._source_log(Source(environment=name))

    def flush(self) -> None:
        """Pass on the output that waits for the end of a line."""
        for each in tuple(self._incomplete):
            each.flush()
        with self._lock:
            if self._waiting:
                self._end_line()

    def interrupt(self) -> None:
        """End the function's line, so that something else can stand between lines of the log."""
        with self._lock:
            self._end_line()

    def end_line(self) -> None:
        """End the last line, so that something else can follow the log."""
        self.flush()
        with self._lock:
            self._end_line()

    def _source_log(self, source: Source) -> SourceLog:
        put_lines, extension_log = (
            partial(self._put_lines, source),
            partial(self._extension, source),
        )
        return SourceLog(self._lock, put_lines, extension_log, self._incomplete)

    def _extension(self, source: Source, name: str) -> SourceLog:
        return self._source_log(source._replace(extension=name))

    def _put_lines(self, source: Source, lines: bytes) -> None:
        """Pass on whole lines, after the function's line if that has not ended."""
        if self._at_line_start:
            self._put(source, lines)
            return
        self._waiting.append((source, lines))
        self._waiting_bytes += len(lines)
        if self._waiting_bytes > _MOST_WAITING_BYTES:
            self._end_line()

    def _end_line(self) -> None:
        if not self._at_line_start:
            self._put(Source(), b"\n")
        self._put_waiting()

    def _put_waiting(self) -> None:
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        for source, lines in waiting:
            self._put(source, lines)

    def _put(self, source: Source, output: bytes) -> None:
        if not output:
            return
        begins, self._at_line_start = self._at_line_start, output.endswith(b"\n")
        stamp = self._stamp() if self._stamp else ""
        for destination in self._destinations:
            mark = stamp + destination.mark(source)
            destination.put(_marked(output, mark.encode(), begins=begins) if mark else output)


class SourceLog:
    """The log of an extension, or of one of several environments, in a function's log.

    Its output is passed on in whole lines, each with the mark of the source.
    """

    def __init__(
        self,
        lock: Lock,
        put_lines: Callable[[bytes], None],
        extension_log: Callable[[str], SourceLog],
        incomplete: dict[SourceLog, None],
    ) -> None:
        self._lock = lock
        self._put_lines = put_lines
        self._extension_log = extension_log
        self._incomplete = incomplete
        self._returns = _CarriageReturns()
        self._held = bytearray()

    def write(self, output: bytes) -> None:
        with self._lock:
            output = self._returns.replace(output)
            if end := output.rfind(b"\n") + 1:
                self._put_lines(bytes(self._held) + output[:end])
                self._held.clear()
            self._held += output[end:]
            if len(self._held) > _MOST_WAITING_BYTES:
                self._end_line()
            self._note_whether_complete()

    def line(self, text: str) -> None:
        with self._lock:
            self._end_line()
            self._put_lines(_encoded(text))
            self._note_whether_complete()

    def named(self, name: str) -> SourceLog:
        """Return the log of an extension of this environment."""
        return self._extension_log(name)

    def flush(self) -> None:
        """Pass on an incomplete line, which is ended."""
        with self._lock:
            self._end_line()
            self._note_whether_complete()

    def _note_whether_complete(self) -> None:
        if self._held:
            self._incomplete[self] = None
        else:
            self._incomplete.pop(self, None)

    def _end_line(self) -> None:
        if self._held:
            self._put_lines(bytes(self._held) + b"\n")
            self._held.clear()


def printable(name: str) -> str:
    """Return a name with an escape for each character that would disturb a line."""
    return name if name.isprintable() else ascii(name)[1:-1]


class _CarriageReturns:
    """Replaces carriage returns by line feeds, in output that comes in pieces."""

    def __init__(self) -> None:
        self._is_last = False

    def replace(self, output: bytes) -> bytes:
        if not output:
            return output
        if self._is_last and output.startswith(b"\n"):
            output = output[1:]
        self._is_last = output.endswith(b"\r")
        return output.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _encoded(text: str) -> bytes:
    return text.encode(errors="backslashreplace") + b"\n"  # may quote bytes that are not text


def _marked(output: bytes, mark: bytes, *, begins: bool) -> bytes:
    """Return the output with a mark before each line that begins in it; `begins` is about the first."""
    body, end = (output[:-1], b"\n") if output.endswith(b"\n") else (output, b"")
    return (mark if begins else b"") + body.replace(b"\n", b"\n" + mark) + end
