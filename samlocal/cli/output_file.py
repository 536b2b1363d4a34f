"""A file that a user chose for output."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, Self

from samlocal.cli.console import show_warning
from samlocal.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


class OutputFile:
    """A file that is written as the output comes, and ends with a warning if that fails.

    `kind` is what messages call it, such as `log file`.
    """

    def __init__(self, path: Path, kind: str) -> None:
        self._name = f"the {kind} `{path}`"
        self._path = path
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        """Open the file, and remove its content.

        Raises:
            UsageError: It cannot be written.
        """
        try:
            self._file = self._path.open("wb")
        except OSError as error:
            raise UsageError(f"{self._name} cannot be written: {error.strerror}") from error
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._close()

    def write(self, output: bytes) -> None:
        if self._file is None:  # it could not be written before
            return
        try:
            self._file.write(output)
            self._file.flush()
        except OSError as error:
            self._close()
            show_warning(f"{self._name} ends here: {error.strerror}")

    def _close(self) -> None:
        file, self._file = self._file, None
        if file:
            with suppress(OSError):
                file.close()
