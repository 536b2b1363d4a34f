"""Layers merged into one directory, as Lambda extracts them into `/opt`.

"Lambda extracts the layers in the order (low to high) listed by the function. Lambda merges folders with
the same name, so if the same file appears in multiple layers, the function uses the version in the last
extracted layer." (https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html)

AWS does not document what happens to a file and a directory of the same name. Here the later layer wins,
whatever the kinds are. Only directories are merged, and get the mode of the later one. Nothing is written
through a link: a directory replaces a link of the same name.

The name of a merged tree is a digest of the state of all its files. Its files are copies, never hard links
to the user's files, which an editor may write in place. File systems that support it share the blocks.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from samlocal.artifacts.file_tree import compute_state, walk
from samlocal.cache.store import (
    describe_os_error,
    hash_text,
    is_disk_full,
    make_private,
    mark_as_used,
    publish,
    remove_older,
    scratch_directory,
)
from samlocal.errors import LayerError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from samlocal.artifacts.file_tree import Entry, State


_AT_ONCE: Final = 64 * 1024 * 1024  # bytes that one call copies


@frozen
class Source:
    """A directory to merge; with `follow`, links out of it are replaced by their targets.

    `follow` is for the user's directories only: a link in a downloaded archive must not expose the
    user's files. An unpacked archive is `fixed`: its path identifies its content.
    """

    directory: Path
    follow: bool
    fixed: bool = False


@frozen
class MergedTree:
    """A directory with the content of some layers, and the size of their files, if known."""

    path: Path
    size_bytes: int | None = None


def merge_layers(layers: Sequence[Source], cache: Path) -> MergedTree:
    """Return a directory with the content of some directories, merged in their order.

    It is created under `cache`, once for each state of them. Several processes may create it at the
    same time, and a killed process leaves no incomplete tree.

    Raises:
        LayerError: a layer cannot be read, or the disk is full.
    """
    with _translated_errors(cache):
        state = _state(layers)
        family = make_private(cache) / hash_text(
            "\0".join(str(layer.directory) for layer in layers)
        )
        wanted = family / (state.digest or _one_time_name())
        if not wanted.is_dir():
            wanted = _make(layers, wanted, state)
        mark_as_used(wanted)
        walked = not any(layer.fixed for layer in layers)
        return MergedTree(path=wanted, size_bytes=state.size_bytes if walked else None)


def _state(layers: Sequence[Source]) -> State:
    entries = (entry for each in layers if not each.fixed for entry in _walk(each))
    return compute_state(entries, names=[str(each.directory) for each in layers])


def _walk(layer: Source) -> list[Entry]:
    return walk(layer.directory, follow=layer.follow)


def _make(layers: Sequence[Source], wanted: Path, state: State) -> Path:
    """Merge the layers; if they change meanwhile, the tree is for this run only."""
    entries = (entry for each in layers for entry in _walk(each))
    once = wanted.with_name(_one_time_name())
    made = _write_tree(
        entries, folder=wanted.parent, name=lambda: wanted if _state(layers) == state else once
    )
    remove_older(made)
    return made


def _write_tree(entries: Iterable[Entry], *, folder: Path, name: Callable[[], Path]) -> Path:
    """Write entries in order into a new directory of `folder`, and return it.

    The directory gets its name only when it is complete; `name` is called then.
    """
    with scratch_directory(folder) as scratch:
        top = scratch / "opt"
        top.mkdir()
        top.chmod(0o755)
        for entry in entries:
            _put(entry, top / entry.name)
        made = name()
        publish(top, made)
    return made


def _put(entry: Entry, target: Path) -> None:
    """Write a file, directory or link, replacing an earlier one; ignore sockets and devices."""
    mode = entry.status.st_mode
    if stat.S_ISDIR(mode):
        if target.is_symlink() or not target.is_dir():
            _clear(target)
            target.mkdir()
        target.chmod(stat.S_IMODE(mode) | stat.S_IRWXU)  # so that the user can remove it
    elif stat.S_ISREG(mode):
        _clear(target)
        _copy(entry, target)
    elif stat.S_ISLNK(mode):
        _clear(target)
        target.symlink_to(Path(entry.path).readlink())


def _clear(target: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        from shutil import rmtree  # noqa: PLC0415  # most runs find a merged tree

        rmtree(target)
    else:
        target.unlink(missing_ok=True)


def _copy(entry: Entry, target: Path) -> None:
    with Path(entry.path).open("rb") as source, target.open("xb") as copy:
        _copy_content(source, copy)
    target.chmod(stat.S_IMODE(entry.status.st_mode))
    # Python uses a compiled module only if the time of its source is unchanged.
    os.utime(target, ns=(entry.status.st_mtime_ns, entry.status.st_mtime_ns))


def _copy_content(source: BinaryIO, copy: BinaryIO) -> None:
    try:
        while os.copy_file_range(source.fileno(), copy.fileno(), _AT_ONCE):
            pass
    except (AttributeError, OSError):  # not supported here, or not between these two file systems
        from shutil import copyfileobj  # noqa: PLC0415  # as above

        source.seek(0)
        copy.seek(0)
        copy.truncate()
        copyfileobj(source, copy)


def _one_time_name() -> str:
    return f"once-{os.urandom(16).hex()}"


@contextmanager
def _translated_errors(cache: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        if is_disk_full(exc):
            raise LayerError(
                f"the layers cannot be merged: no space left in `{cache}`",
                hint="free some space, or choose another folder with --layer-cache-basedir",
            ) from exc
        where = f" at `{exc.filename}`" if exc.filename else ""
        raise LayerError(f"the layers cannot be merged: {describe_os_error(exc)}{where}") from exc
