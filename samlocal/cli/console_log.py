"""The log of a function on stderr, and in a file if one is chosen."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from samlocal.cli.console import is_drawable, paint_name, write_stderr
from samlocal.function_log import FunctionLog, PlainDestination, printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from samlocal.cli.output_file import OutputFile
    from samlocal.function_log import Source


class ConsoleLog(FunctionLog):
    """The output of a function and the platform, live on stderr and in the optional log file.

    With `timestamps`, each line begins with its time. On a terminal, lines of one of several environments
    begin with its name; with `names` they always do, in the file too. Names are coloured as all messages are.
    """

    def __init__(
        self, path: Path | None = None, *, timestamps: bool = False, names: bool = False
    ) -> None:
        self._file = _log_file(path) if path else None
        to_file = _NamedDestination if names else PlainDestination
        files = [to_file(self._file.write)] if self._file else []
        super().__init__(
            _Stderr(write_stderr, names=names), *files, stamp=_timestamp if timestamps else None
        )

    def __enter__(self) -> Self:
        if self._file:
            self._file.__enter__()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.flush()
        if self._file:
            self._file.__exit__(*exc_info)


def _log_file(path: Path) -> OutputFile:
    from samlocal.cli.output_file import OutputFile  # the cold path does not need it

    return OutputFile(path, "log file")


class _NamedDestination(PlainDestination):
    def mark(self, source: Source) -> str:
        name = f"{printable(source.environment)} | " if source.environment else ""
        return name + super().mark(source)


class _Stderr(PlainDestination):
    def __init__(self, put: Callable[[bytes], None], *, names: bool) -> None:
        super().__init__(put)
        self._names = names

    def mark(self, source: Source) -> str:
        mark = ""
        if source.environment and (self._names or is_drawable(sys.stderr)):
            mark = f"{paint_name(printable(source.environment))} | "
        if source.extension:
            mark += f"{paint_name(f'[{printable(source.extension)}]')} "
        return mark


def _timestamp() -> str:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return f"{now.removesuffix('+00:00')}Z "
