"""Layers merged into one directory, as Lambda extracts them into `/opt`.

"Lambda extracts the layers in the order (low to high) listed by the function. Lambda merges folders with
the same name, so if the same file appears in multiple layers, the function uses the version in the last
extracted layer." (https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html)

AWS doesn't say what comes of a file and a directory of the same name. Here the later layer wins whatever
the kinds are; only two directories are merged, and have the mode of the later one. Nothing is ever
written through a link: a directory that meets a link replaces it.

A merged tree is kept under a name that stands for the state of every file in it. Its files are copies,
never hard links to the user's, which an editor may write to in place; a file system that can share the
blocks of a copy does.
"""

from __future__ import annotations

import os
import shutil
import stat
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO, Final

from samlocal.errors import LayerError
from samlocal.project.cache import (
    digest,
    forget_older,
    is_full,
    mark_as_used,
    private,
    publish,
    reason_of,
)
from samlocal.project.trees import state_of, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from samlocal.project.trees import Entry

_AT_ONCE: Final = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A directory to be merged; with `follow`, its links that lead out of it are what they lead to.

    That is for directories of the user. A link in an archive of someone else must not show the user's
    own files.
    """

    directory: Path
    follow: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class MergedTree:
    """A directory with the content of some layers, and what their files take, as far as it is known."""

    path: Path
    size_bytes: int | None = None


def merged(layers: Sequence[Source], cache: Path) -> MergedTree:
    """Return a directory with the content of some directories, merged in their order.

    It is made under `cache`, once for each state of them. Two processes may make it at once, and one
    that is killed leaves nothing that counts.

    Raises:
        LayerError: a layer can't be read, or there is no room.
    """
    with _translated_errors(cache):
        entries = _walk_all(layers)
        state = state_of(entries)
        family = private(cache) / digest("\0".join(str(layer.directory) for layer in layers))
        wanted = family / (state.digest or _name_for_once())
        if not wanted.is_dir():
            wanted = _make(entries, wanted, lambda: state_of(_walk_all(layers)) == state)
        mark_as_used(wanted)
        return MergedTree(path=wanted, size_bytes=state.size_bytes)


def _walk_all(layers: Sequence[Source]) -> list[Entry]:
    return [entry for each in layers for entry in walk(each.directory, follow=each.follow)]


def _make(entries: Sequence[Entry], wanted: Path, is_unchanged: Callable[[], bool]) -> Path:
    """Merge what was walked; where it changes meanwhile, the tree serves this run and no other."""
    family = private(wanted.parent)
    with TemporaryDirectory(dir=family, prefix=".new-") as scratch:
        top = Path(scratch, "opt")
        top.mkdir()
        top.chmod(0o755)
        for entry in entries:
            _put(entry, top / entry.name)
        if not is_unchanged():
            wanted = family / _name_for_once()
        publish(top, wanted)
    forget_older(wanted)
    return wanted


def _name_for_once() -> str:
    return f"once-{uuid.uuid4().hex}"


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


@contextmanager
def _translated_errors(cache: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        if is_full(exc):
            raise LayerError(
                f"the layers can't be merged: no space left in `{cache}`",
                hint="free some, or name another folder with --layer-cache-basedir",
            ) from exc
        where = f" at `{exc.filename}`" if exc.filename else ""
        raise LayerError(f"the layers can't be merged: {reason_of(exc)}{where}") from exc
