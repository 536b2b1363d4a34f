"""Folders of what can be made again: private to their user, and without what nobody used for a day."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import contextmanager, suppress
from errno import EDQUOT, EEXIST, ENOSPC, ENOTEMPTY
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEPT_SECONDS: Final = 24 * 60 * 60


def private(directory: Path) -> Path:
    """Make a directory that only its owner can enter, unless it is there.

    Raises:
        CacheError: It can't be made.
    """
    with _cache_errors(directory):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


@contextmanager
def scratch_in(folder: Path) -> Iterator[Path]:
    """Give a directory in a folder of the cache, and remove it in the end.

    Raises:
        CacheError: The folder can't be written.
    """
    from tempfile import TemporaryDirectory  # noqa: PLC0415  # where nothing is new nothing is made

    with _cache_errors(folder):
        scratch = TemporaryDirectory(dir=private(folder), prefix=".new-")
    with scratch as name:
        yield Path(name)


@contextmanager
def _cache_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise
        raise CacheError(
            f"the cache `{folder}` can't be written: {reason_of(error)}",
            hint="set XDG_CACHE_HOME to a directory that you can write to",
        ) from error


def digest(text: str) -> str:
    """Return a name that stands for a text."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:32]


@contextmanager
def making(wanted: Path) -> Iterator[Path]:
    """Give an empty directory that has the name `wanted` at the end, complete; nothing where that fails."""
    with scratch_in(wanted.parent) as scratch:
        made = scratch / wanted.name
        made.mkdir()
        yield made
        publish(made, wanted)


def publish(made: Path, wanted: Path) -> None:
    """Give what is complete its name, at once or not at all; whoever was faster has made the same."""
    try:
        made.rename(wanted)
    except OSError as exc:
        if exc.errno not in {EEXIST, ENOTEMPTY}:
            raise


def mark_as_used(directory: Path) -> None:
    """Keep a directory from being forgotten for another day."""
    with suppress(OSError):  # of another user, or read-only: then nothing here forgets it either
        os.utime(directory)


def forget_older(current: Path) -> None:
    """Remove the other entries of a folder, unless they may still be in use."""
    import shutil  # noqa: PLC0415  # where nothing is new nothing is forgotten

    for entry in current.parent.iterdir():
        with suppress(FileNotFoundError):  # another process forgets as well
            if entry != current and time.time() - entry.stat().st_mtime > _KEPT_SECONDS:
                shutil.rmtree(entry, ignore_errors=True)


def reason_of(error: OSError) -> str:
    """Return why a file can't be read or written, in a few words."""
    return (error.strerror or str(error)).lower()


def is_full(error: OSError) -> bool:
    """Tell whether there is no room left."""
    return error.errno in {ENOSPC, EDQUOT}
