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
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from samlocal.artifacts.file_tree import state_of, walk
from samlocal.cache.store import (
    digest,
    forget_older,
    is_full,
    mark_as_used,
    private,
    publish,
    reason_of,
    scratch_in,
)
from samlocal.errors import LayerError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from samlocal.artifacts.file_tree import Entry, State


_AT_ONCE: Final = 64 * 1024 * 1024  # bytes that one call copies


@frozen
class Source:
    """A directory to be merged; with `follow`, its links that lead out of it are what they lead to.

    That is for directories of the user. A link in an archive of someone else must not show the user's
    own files. Where an archive was unpacked to is `fixed`: its path stands for its content.
    """

    directory: Path
    follow: bool
    fixed: bool = False


@frozen
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
        state = _state(layers)
        family = private(cache) / digest("\0".join(str(layer.directory) for layer in layers))
        wanted = family / (state.digest or _name_for_once())
        if not wanted.is_dir():
            wanted = _make(layers, wanted, state)
        mark_as_used(wanted)
        walked = not any(layer.fixed for layer in layers)
        return MergedTree(path=wanted, size_bytes=state.size_bytes if walked else None)


def _state(layers: Sequence[Source]) -> State:
    entries = (entry for each in layers if not each.fixed for entry in _walk(each))
    return state_of(entries, names=[str(each.directory) for each in layers])


def _walk(layer: Source) -> list[Entry]:
    return walk(layer.directory, follow=layer.follow)


def _make(layers: Sequence[Source], wanted: Path, state: State) -> Path:
    """Merge the layers; where they change meanwhile, the tree serves this run and no other."""
    entries = (entry for each in layers for entry in _walk(each))
    once = wanted.with_name(_name_for_once())
    made = _write_tree(
        entries, folder=wanted.parent, name=lambda: wanted if _state(layers) == state else once
    )
    forget_older(made)
    return made


def _write_tree(entries: Iterable[Entry], *, folder: Path, name: Callable[[], Path]) -> Path:
    """Write entries over one another into a new directory of `folder`, and return it.

    The directory gets its name when it is complete, or never: `name` is asked only then.
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
    """Write a file, directory or link over what is there; sockets and devices are not content."""
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
        from shutil import rmtree  # noqa: PLC0415  # most runs find what another has made

        rmtree(target)
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
        from shutil import copyfileobj  # noqa: PLC0415  # as above

        source.seek(0)
        copy.seek(0)
        copy.truncate()
        copyfileobj(source, copy)


def _name_for_once() -> str:
    return f"once-{os.urandom(16).hex()}"


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
