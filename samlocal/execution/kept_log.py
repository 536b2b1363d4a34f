"""A log that keeps what it gets, for an invocation that is still to come."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple

from samlocal.sandbox.output import named_log, tells_sources_apart

if TYPE_CHECKING:
    from samlocal.sandbox.output import Log

# A function that writes more than this before its first invocation loses the rest.
_MOST_BYTES: Final = 4 * 1024 * 1024
# What it takes to keep one piece, besides its bytes.
_PIECE_BYTES: Final = 200
_LOST: Final = "[more output before the first invocation is not shown]"


class KeptLog:
    """Keeps output and lines in their order, until `give_to`."""

    def __init__(self) -> None:
        self._pieces: list[_Piece] = []
        self._bytes = 0
        self._lock = Lock()

    def write(self, output: bytes) -> None:
        self.keep(None, output)

    def line(self, text: str) -> None:
        self.keep(None, text)

    def named(self, name: str) -> _KeptSource:
        """Return the log of an extension."""
        return _KeptSource(self, name)

    def flush(self) -> None:
        self.keep(None, None)

    def keep(self, source: str | None, content: bytes | str | None) -> None:
        """Keep output, or a line, of an extension or the function; None ends unfinished lines."""
        with self._lock:
            if self._bytes > _MOST_BYTES:
                return
            last = self._pieces[-1] if self._pieces else None
            self._bytes += len(content or b"")
            if isinstance(content, bytes) and last and last.takes_output_of(source):
                piece = last
            else:
                self._bytes += _PIECE_BYTES
                piece = _Piece(source, bytearray() if isinstance(content, bytes) else content)
            if self._bytes > _MOST_BYTES:
                self._pieces.append(_Piece(None, _LOST))
                return
            if piece is not last:
                self._pieces.append(piece)
            if isinstance(piece.content, bytearray) and isinstance(content, bytes):
                piece.content.extend(content)

    def give_to(self, target: Log) -> None:
        """Pass on what is kept, and forget it."""
        with self._lock:
            pieces, self._pieces, self._bytes = self._pieces, [], 0
        # An extension's log holds its unfinished line.
        sources: dict[str | None, Log] = {None: target}
        for each in pieces:
            log = sources.get(each.source)
            if log is None:
                log = sources[each.source] = named_log(target, each.source or "")
            each.give_to(log)


class _Piece(NamedTuple):
    """Output, a line, or the end of unfinished lines, of an extension or the function."""

    source: str | None
    content: bytearray | str | None

    def takes_output_of(self, source: str | None) -> bool:
        return self.source == source and isinstance(self.content, bytearray)

    def give_to(self, log: Log) -> None:
        if isinstance(self.content, bytearray):
            log.write(bytes(self.content))
        elif self.content is not None:
            log.line(self.content)
        elif tells_sources_apart(log):
            log.flush()


class _KeptSource:
    """The log of an extension in a kept log."""

    def __init__(self, kept: KeptLog, name: str) -> None:
        self._kept = kept
        self._name = name

    def write(self, output: bytes) -> None:
        self._kept.keep(self._name, output)

    def line(self, text: str) -> None:
        self._kept.keep(self._name, text)

    def named(self, name: str) -> _KeptSource:
        return _KeptSource(self._kept, name)

    def flush(self) -> None:
        """End an unfinished line."""
        self._kept.keep(self._name, None)
