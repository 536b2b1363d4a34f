"""The files that a project and its options are read from, for whoever waits for their changes."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from samlocal.path_kinds import is_encodable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_recorded: Final[ContextVar[tuple[set[Path], ...]]] = ContextVar("recorded", default=())


@contextmanager
def recorded_files() -> Iterator[set[Path]]:
    """Yield the absolute paths of the files that this context reads, also of those that do not exist."""
    files: set[Path] = set()
    token = _recorded.set((*_recorded.get(), files))
    try:
        yield files
    finally:
        _recorded.reset(token)


def note_file(path: Path) -> None:
    """Add a file to those that `recorded_files` yields; call it before the file is opened.

    There will never be a file for a text that is not a path.
    """
    recorded = _recorded.get()
    if recorded and is_encodable(path):
        for files in recorded:
            files.add(path.absolute())
