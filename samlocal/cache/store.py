"""Folders of the cache: private to their user, and cleared of entries unused for a day."""

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


def make_private(directory: Path) -> Path:
    """Create a directory that only its owner can enter, unless it exists, and return it.

    Raises:
        CacheError: It cannot be created.
    """
    with _cache_errors(directory):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


@contextmanager
def scratch_directory(folder: Path) -> Iterator[Path]:
    """Yield a new directory in a folder of the cache, and remove it afterwards.

    Raises:
        CacheError: The folder cannot be written.
    """
    from tempfile import TemporaryDirectory  # noqa: PLC0415  # most runs create nothing

    with _cache_errors(folder):
        scratch = TemporaryDirectory(dir=make_private(folder), prefix=".new-")
    with scratch as name:
        yield Path(name)


@contextmanager
def _cache_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise
        raise CacheError(
            f"the cache `{folder}` cannot be written: {describe_os_error(error)}",
            hint="set XDG_CACHE_HOME to a directory that you can write to",
        ) from error


def hash_text(text: str) -> str:
    """Return a hash of a text, as a name for a file."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:32]


@contextmanager
def create_entry(wanted: Path) -> Iterator[Path]:
    """Yield an empty directory, and rename it to `wanted` when complete; nothing remains on an error."""
    with scratch_directory(wanted.parent) as scratch:
        made = scratch / wanted.name
        made.mkdir()
        yield made
        publish(made, wanted)


def publish(made: Path, wanted: Path) -> None:
    """Rename a complete directory; keep the existing one if another process was faster."""
    try:
        made.rename(wanted)
    except OSError as exc:
        if exc.errno not in {EEXIST, ENOTEMPTY}:
            raise


def mark_as_used(directory: Path) -> None:
    """Set the time of a directory's last use, so that it is kept for another day."""
    with suppress(OSError):  # another user's, or read-only: then it is not removed either
        os.utime(directory)


def remove_older(current: Path) -> None:
    """Remove the other entries of a folder, except those used within a day."""
    import shutil  # noqa: PLC0415  # most runs remove nothing

    for entry in current.parent.iterdir():
        with suppress(FileNotFoundError):  # another process may remove it first
            if entry != current and time.time() - entry.stat().st_mtime > _KEPT_SECONDS:
                shutil.rmtree(entry, ignore_errors=True)


def describe_os_error(error: OSError) -> str:
    """Return why a file cannot be read or written, for a message."""
    return (error.strerror or str(error)).lower()


def is_disk_full(error: OSError) -> bool:
    """Tell whether the error is a full disk or an exceeded quota."""
    return error.errno in {ENOSPC, EDQUOT}
