"""The content of a directory as a container sees it, and a digest of its state.

A link whose target is outside of its directory would be broken in a container. Deployment packages
contain the targets of such links (`sam package` follows links), and so does a walk.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from samlocal.artifacts.symlinks import is_container_path
from samlocal.data import exists
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

# The resolution of the kernel's clock for files: a file changed more recently may change again with the
# same times.
_CLOCK_TICK_NS: Final = 20_000_000
_BY_NAME: Final = attrgetter("name")


class Entry(NamedTuple):
    """A file, directory or link: its path below the top, its real path and its status."""

    name: str
    path: str
    status: os.stat_result


@frozen
class State:
    """A digest of the state of some directories; None if a change could go unnoticed."""

    digest: str | None
    size_bytes: int


def compute_state(entries: Iterable[Entry], *, names: Iterable[str] = ()) -> State:
    """Return the state of walked entries together with `names`.

    Only the status of each file is read. Every change of a file sets `st_ctime`, which no program can
    choose, unlike the time of modification.
    """
    facts, changes, size = list(names), [0], 0
    for name, _, status in entries:
        mode, length, changed = status.st_mode, status.st_size, status.st_ctime_ns
        facts.append(f"{name}\0{mode} {status.st_ino} {length} {changed}")
        changes.append(changed)
        if stat.S_ISREG(mode):
            size += length
    settled = max(changes) < time.time_ns() - _CLOCK_TICK_NS
    text = "\0\0".join(facts).encode(errors="surrogateescape")
    return State(digest=hashlib.sha256(text).hexdigest()[:32] if settled else None, size_bytes=size)


def walk(top: Path, *, follow: bool = True) -> list[Entry]:
    """Return the entries below a directory, sorted by name, each directory before its content.

    With `follow`, a link to an existing target outside of its directory is replaced by the target,
    unless that would recurse.
    """
    found: list[Entry] = []
    _collect(str(top), "", (os.path.realpath(top),), found, follow=follow)
    return found


def _collect(
    directory: str, prefix: str, roots: tuple[str, ...], found: list[Entry], *, follow: bool
) -> None:
    """Append entries to `found`; `roots` are the tops of the enclosing trees, the innermost last."""
    with os.scandir(directory) as listed:
        children = sorted(listed, key=_BY_NAME)
    for child in children:
        status = child.stat(follow_symlinks=False)
        entry = Entry(prefix + child.name, child.path, status)
        inner = roots
        if follow and stat.S_ISLNK(status.st_mode):
            entry = _followed(entry, roots)
            inner, status = (*roots, entry.path), entry.status
        found.append(entry)
        if stat.S_ISDIR(status.st_mode):
            _collect(entry.path, f"{entry.name}/", inner, found, follow=follow)


def _followed(link: Entry, roots: tuple[str, ...]) -> Entry:
    path = Path(link.path)
    target, real = path.readlink(), Path(os.path.realpath(path))
    if target.is_absolute():
        stays = is_container_path(str(target))
    else:
        stays = real.is_relative_to(roots[-1])
    circles = any(Path(root).is_relative_to(real) for root in roots)
    if stays or circles or not exists(real):
        return link
    return Entry(link.name, str(real), real.stat())


def measure_files(directories: Iterable[Path], *, entries: int) -> int:
    """Return the total size of the files in some directories, looking at no more than `entries` entries."""
    size, pending = 0, [str(directory) for directory in directories]
    while pending:
        with suppress(OSError), os.scandir(pending.pop()) as listed:
            for child in listed:
                entries -= 1
                if entries < 0:
                    return size
                if child.is_dir(follow_symlinks=False):
                    pending.append(child.path)
                elif child.is_file(follow_symlinks=False):
                    size += child.stat(follow_symlinks=False).st_size
    return size
