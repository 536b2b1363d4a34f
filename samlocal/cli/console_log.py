"""The log of a function on stderr, and in a file if one is chosen."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Self

from samlocal.cli.console import is_drawable, paint_name, show_warning, write_stderr
from samlocal.errors import UsageError
from samlocal.function_log import FunctionLog, PlainDestination, printable

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.function_log import Source


class ConsoleLog(FunctionLog):
    """The output of a function and the platform, live on stderr and in the optional log file.

    With `timestamps`, each line begins with its time. On a terminal, lines of one of several environments
    begin with its name. Names are coloured as all messages are.
    """

    def __init__(self, path: Path | None = None, *, timestamps: bool = False) -> None:
        super().__init__(
            _Stderr(write_stderr),
            PlainDestination(self._put_in_file),
            stamp=_timestamp if timestamps else None,
        )
        self._path = path
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        if self._path:
            try:
                self._file = self._path.open("wb")
            except OSError as error:
                raise UsageError(
                    f"the log file `{self._path}` cannot be written: {error.strerror}"
                ) from error
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.flush()
        if self._file:
            with suppress(OSError):
                self._file.close()

    def _put_in_file(self, output: bytes) -> None:
        if self._file is None:
            return
        try:
            self._file.write(output)
            self._file.flush()
        except OSError as error:
            with suppress(OSError):
                self._file.close()
            self._file = None
            show_warning(f"the log file `{self._path}` ends here: {error.strerror}")


class _Stderr(PlainDestination):
    def mark(self, source: Source) -> str:
        mark = ""
        if source.environment and is_drawable(sys.stderr):
            mark = f"{paint_name(printable(source.environment))} | "
        if source.extension:
            mark += f"{paint_name(f'[{printable(source.extension)}]')} "
        return mark


def _timestamp() -> str:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return f"{now.removesuffix('+00:00')}Z "
