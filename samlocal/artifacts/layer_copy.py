"""Layers laid over one another in a directory. Imported where that has not been done before."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from samlocal.cache.store import publish, scratch_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from samlocal.artifacts.file_tree import Entry

_AT_ONCE: Final = 64 * 1024 * 1024


def lay(entries: Iterable[Entry], *, folder: Path, name: Callable[[], Path]) -> Path:
    """Put entries over one another in a new directory of `folder`; return it under its name.

    It has that name at once, or never: `name` says it once everything is there.
    """
    with scratch_in(folder) as scratch:
        top = scratch / "opt"
        top.mkdir()
        top.chmod(0o755)
        for entry in entries:
            _put(entry, top / entry.name)
        made = name()
        publish(top, made)
    return made


def _put(entry: Entry, target: Path) -> None:
    """Lay a file, directory or link over what is there; sockets and devices are no content."""
    mode = entry.status.st_mode
    if stat.S_ISDIR(mode):
        if target.is_symlink() or not target.is_dir():
            _clear(target)
            target.mkdir()
        target.chmod(stat.S_IMODE(mode) | stat.S_IRWXU)  # so that it can be removed again
    elif stat.S_ISREG(mode):
        _clear(target)
        _copy(entry, target)
    elif stat.S_ISLNK(mode):
        _clear(target)
        target.symlink_to(Path(entry.path).readlink())


def _clear(target: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)


def _copy(entry: Entry, target: Path) -> None:
    with Path(entry.path).open("rb") as source, target.open("xb") as copy:
        _copy_content(source, copy)
    target.chmod(stat.S_IMODE(entry.status.st_mode))
    # Python trusts a compiled module while its source has the time that it had.
    os.utime(target, ns=(entry.status.st_mtime_ns, entry.status.st_mtime_ns))


def _copy_content(source: BinaryIO, copy: BinaryIO) -> None:
    try:
        while os.copy_file_range(source.fileno(), copy.fileno(), _AT_ONCE):
            pass
    except (AttributeError, OSError):  # not here, or not between these two file systems
        source.seek(0)
        copy.seek(0)
        copy.truncate()
        shutil.copyfileobj(source, copy)
