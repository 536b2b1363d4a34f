"""The log of a function on stderr, and in a file if one is chosen."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, Self

from samlocal.cli.console import show_warning, write_stderr
from samlocal.errors import UsageError
from samlocal.function_log import FunctionLog

if TYPE_CHECKING:
    from pathlib import Path


class ConsoleLog(FunctionLog):
    """The output of a function and the platform, live on stderr and in the optional log file."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__(self._show)
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
        if self._file:
            with suppress(OSError):
                self._file.close()

    def _show(self, output: bytes) -> None:
        write_stderr(output)
        if self._file:
            self._put_in_file(self._file, output)

    def _put_in_file(self, file: BinaryIO, output: bytes) -> None:
        try:
            file.write(output)
            file.flush()
        except OSError as error:
            self._file = None
            with suppress(OSError):
                file.close()
            show_warning(f"the log file `{self._path}` ends here: {error.strerror}")
