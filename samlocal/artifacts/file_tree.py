"""What a directory holds, as far as it decides what a container sees of it.

A link whose target is outside of its directory would lead nowhere in a container. Deployment
packages hold what such a link leads to (`sam package` follows links), and so does a walk.
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

from samlocal.artifacts.symlinks import is_there, leads_to_the_containers_own
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

# The kernel's clock for files may stand still for so long: a file that was changed more recently may be
# changed again without a trace.
_CLOCK_TICK_NS: Final = 20_000_000
_BY_NAME: Final = attrgetter("name")


class Entry(NamedTuple):
    """A file, directory or link: its path below the top, where it really is, and its status."""

    name: str
    path: str
    status: os.stat_result


@frozen
class State:
    """What tells one state of some directories from every other; None where nothing can."""

    digest: str | None
    size_bytes: int


def state_of(entries: Iterable[Entry], *, names: Iterable[str] = ()) -> State:
    """Return the state of what was walked, and of what these names stand for.

    Nothing is read but the status of each file. Whatever changes a file changes the time of its last
    change, which no program can set (`st_ctime`), unlike that of its last modification.
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
    """Return what is below a directory, each directory before what is in it, in order of names.

    With `follow`, a link that leads out of its directory to something on this machine is what it leads
    to, unless that would go round in a circle.
    """
    found: list[Entry] = []
    _collect(str(top), "", (os.path.realpath(top),), found, follow=follow)
    return found


def _collect(
    directory: str, prefix: str, roots: tuple[str, ...], found: list[Entry], *, follow: bool
) -> None:
    """`roots` are the tops of the trees that the way here led through, the innermost last."""
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
        stays = leads_to_the_containers_own(str(target))
    else:
        stays = real.is_relative_to(roots[-1])
    circles = any(Path(root).is_relative_to(real) for root in roots)
    if stays or circles or not is_there(real):
        return link
    return Entry(link.name, str(real), real.stat())


def size_at_least(directories: Iterable[Path], *, entries: int) -> int:
    """Return the bytes of the files in some directories, looking at so many entries at most."""
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
