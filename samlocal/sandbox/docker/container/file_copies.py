"""Copies files through the engine's API to an engine that does not see this machine's files.

The copies are in anonymous volumes of a second container that is never started. The sandbox mounts these
volumes read-only, like the directories, and the engine removes them with the last container that uses them,
so nothing remains even after a killed command. Copying into the sandbox itself would be 30 ms faster, but
would leave code and layers writable, and is impossible if its file system is read-only. Only single files,
which cannot be volumes, are copied into the sandbox.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/PutContainerArchive
"""

from __future__ import annotations

import logging
import posixpath
import stat
import tarfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.artifacts.file_tree import Entry, walk
from samlocal.cache.store import describe_os_error
from samlocal.engine.leftovers import labels
from samlocal.engine.removal import remove
from samlocal.errors import EngineError, SandboxError
from samlocal.sandbox.docker.emulation import platform_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from samlocal.engine.engine import Engine
    from samlocal.sandbox.container_spec import ContainerSpec
    from samlocal.sandbox.sandbox import Mount

_log = logging.getLogger(__name__)

_AT_ONCE: Final = 512 * 1024


class Copies:
    """The copies of one sandbox's mounts, and the container that carries them."""

    def __init__(self, engine: Engine, spec: ContainerSpec, mounts: Sequence[Mount]) -> None:
        self._engine = engine
        self._spec = spec
        self._directories = [mount for mount in mounts if mount.source.is_dir()]
        self._files = [mount for mount in mounts if not mount.source.is_dir()]
        self._carrier: str | None = None
        self._cancelled = False

    def carry(self) -> str | None:
        """Copy the directories; return the container whose volumes the sandbox uses."""
        if not self._directories:
            return None
        sandbox, image = self._spec.sandbox, self._spec.image
        marks = labels(project=str(sandbox.project), function=sandbox.function)
        volume = {"Type": "volume", "VolumeOptions": {"NoCopy": True, "Labels": marks}}
        config = {
            "Image": image.name,
            "Entrypoint": ["never-started"],
            "Labels": marks,
            "HostConfig": {
                "Mounts": [{"Target": each.target, **volume} for each in self._directories]
            },
        }
        self._carrier = self._engine.api.create_container(config, platform=platform_of(image))
        for mount in self._directories:
            begun = time.monotonic()
            content = archive(mount.source, mount.target, cancelled=lambda: self._cancelled)
            self._engine.sdk.put_archive(self._carrier, mount.target, content)
            _log.debug("copied %s in %.1f s", mount.source, time.monotonic() - begun)
        return self._carrier

    def complete(self, container_id: str) -> None:
        """Copy the single files into the sandbox before it starts."""
        for mount in self._files:
            entry = Entry(mount.target.lstrip("/"), str(mount.source), mount.source.stat())
            self._engine.sdk.put_archive(container_id, "/", _in_blocks(_archived([entry], "/")))

    def cancel(self) -> None:
        """Stop a running copy early."""
        self._cancelled = True

    def close(self) -> None:
        """Remove the carrier, and its volumes unless the sandbox still uses them."""
        carrier, self._carrier = self._carrier, None
        if carrier:
            with suppress(EngineError):
                remove(self._engine, carrier)


def archive(
    directory: Path, target: str, *, cancelled: Callable[[], bool] = lambda: False
) -> Iterator[bytes]:
    """Yield a tar archive of the content of a directory, without having all of it in memory.

    Owners, permissions, times and links are the same as in a mount at `target`, except that a link out of
    the directory becomes absolute: engines refuse it otherwise.
    """
    with _reading(directory):
        entries = walk(directory, follow=False)
    return _in_blocks(_archived(entries, target), cancelled=cancelled)


def _archived(entries: Iterable[Entry], target: str) -> Iterator[bytes]:
    for entry in entries:
        info = _info(entry, target)
        if info is None:  # a socket, a pipe
            continue
        yield info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
        if info.isreg():
            yield from _content(Path(entry.path), info.size)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _info(entry: Entry, target: str) -> tarfile.TarInfo | None:
    status = entry.status
    info = tarfile.TarInfo(entry.name)
    info.mode = stat.S_IMODE(status.st_mode)
    info.uid, info.gid = status.st_uid, status.st_gid
    info.mtime = int(status.st_mtime)
    if stat.S_ISREG(status.st_mode):
        info.size = status.st_size
    elif stat.S_ISDIR(status.st_mode):
        info.type = tarfile.DIRTYPE
    elif stat.S_ISLNK(status.st_mode):
        info.type = tarfile.SYMTYPE
        info.linkname = _link(entry, target)
    else:
        return None
    return info


def _link(entry: Entry, target: str) -> str:
    link = str(Path(entry.path).readlink())
    place = posixpath.join(target, posixpath.dirname(entry.name))
    absolute = posixpath.normpath(posixpath.join(place, link))
    return link if absolute.startswith(f"{target}/") else absolute


def _content(path: Path, size: int) -> Iterator[bytes]:
    """Yield exactly `size` bytes of a file, even if it changes meanwhile, and fill the last block."""
    left = size
    with _reading(path), path.open("rb") as file:
        while left and (block := file.read(min(left, _AT_ONCE))):
            left -= len(block)
            yield block
    yield bytes(left + -size % tarfile.BLOCKSIZE)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Translate errors of local files, which are not errors of the engine."""
    try:
        yield
    except OSError as exc:
        name = exc.filename or path
        raise SandboxError(
            f"`{name}` cannot be copied to the engine: {describe_os_error(exc)}"
        ) from exc


def _in_blocks(
    pieces: Iterator[bytes], *, cancelled: Callable[[], bool] = lambda: False
) -> Iterator[bytes]:
    """Combine small pieces into blocks, because each block is a call to the engine."""
    block = bytearray()
    for piece in pieces:
        if cancelled():
            return
        block += piece
        if len(block) >= _AT_ONCE:
            yield bytes(block)
            block.clear()
    yield bytes(block)
