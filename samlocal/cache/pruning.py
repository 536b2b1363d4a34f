"""Finds and removes cache entries that have not been used for some time.

The modification time of an entry is the time of its last use: every use sets it (for a download it is the
time of arrival). An entry unused for a day may be removed: no command takes that long between finding and
mounting an entry.
"""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

DAY_SECONDS: Final = 24 * 60 * 60

# How deep below a folder its entries are.
_FOLDERS: Final = {
    "archives": 2,
    "ca-bundles": 1,
    "downloads": 1,
    "inline": 1,
    "layer-versions": 1,
    "layers": 2,
}
# Prefixes of incomplete entries: being created, or being removed.
_SCRATCH: Final = (".", "scratch-")
_IMAGES: Final = "images"
_BLOCK_BYTES: Final = 512


@frozen
class StaleEntry:
    """A file or directory of the cache; `last_used` is Unix time in seconds."""

    path: Path
    size_bytes: int
    last_used: float


def find_stale_entries(
    cache: Path, *, before: float, now: float, in_use: Collection[Path] = ()
) -> list[StaleEntry]:
    """Return entries last used before a time, and incomplete ones that a killed command left behind.

    `in_use` are paths that containers use: entries that contain one of them are kept.
    """
    stale = []
    for path in _entries(cache):
        status = _status(path)
        if status is None:
            continue
        limit = now - DAY_SECONDS if path.name.startswith(_SCRATCH) else before
        if status.st_mtime < limit and not any(used.is_relative_to(path) for used in in_use):
            stale.append(StaleEntry(path=path, size_bytes=_size(path), last_used=status.st_mtime))
    return stale


def remove(entry: StaleEntry) -> bool:
    """Remove an entry; other commands see all of it or nothing. Return whether it was removed."""
    gone = entry.path.with_name(f".gone-{uuid.uuid4().hex}")
    try:
        if entry.path.lstat().st_mtime != entry.last_used:  # another command has used it meanwhile
            return False
        entry.path.rename(gone)
    except OSError:  # another command was faster, or it belongs to another user
        return False
    if gone.is_symlink() or not gone.is_dir():
        gone.unlink()
    else:
        _make_writable(gone)
        shutil.rmtree(gone, ignore_errors=True)
    return not gone.exists()


def _make_writable(directory: Path) -> None:
    """Make read-only directories from an archive writable, so that they can be removed."""
    with suppress(OSError):
        directory.chmod(0o700)
    for child in _children(directory):
        if child.is_dir() and not child.is_symlink():
            _make_writable(child)


def _entries(cache: Path) -> Iterator[Path]:
    """Yield the paths of all entries."""
    for name, depth in _FOLDERS.items():
        for path in _children(cache / name):
            inside = list(_children(path)) if depth > 1 else []
            yield from inside or [path]
    for path in _children(cache / _IMAGES):
        if path.name.startswith(_SCRATCH):
            yield path


def _children(directory: Path) -> Iterator[Path]:
    with suppress(OSError), os.scandir(directory) as found:
        for entry in sorted(found, key=lambda each: each.name):
            yield Path(entry.path)


def _size(path: Path) -> int:
    """Return the bytes that a file, or a directory with its content, takes on disk."""
    size = 0
    pending = [path]
    while pending:
        each = pending.pop()
        status = _status(each)
        size += status.st_blocks * _BLOCK_BYTES if status else 0
        if each.is_dir() and not each.is_symlink():
            pending += _children(each)
    return size


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:  # another command removes as well
        return None
