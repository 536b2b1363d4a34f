"""Deployment packages: zip archives, unpacked as Lambda unpacks them."""

from __future__ import annotations

import stat
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.cache.store import is_disk_full
from samlocal.errors import CodeNotFoundError
from samlocal.function import MAX_UNPACKED_BYTES

if TYPE_CHECKING:
    from samlocal.errors import Place

# Far more than in any deployment package. Each entry costs a file, whatever its size.
_MAX_ENTRIES: Final = 200_000
_LONGEST_LINK: Final = 4096
_PERMISSIONS: Final = stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO
_BLOCK: Final = 1024 * 1024
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,  # it is encrypted, or compressed in a way that Python does not support
    ValueError,
)


def unpack(archive: Path, directory: Path, *, place: Place) -> None:
    """Unpack an archive with its permissions and symbolic links.

    Nothing is written outside `directory`: names lose `..` and leading slashes, and links are created
    last, so that nothing is written through them. Links keep their targets, which the container resolves.

    Raises:
        CodeNotFoundError: the file is not a zip archive, or unpacks to more than Lambda allows.
    """
    try:
        with zipfile.ZipFile(archive) as package:
            if len(package.infolist()) > _MAX_ENTRIES:
                raise CodeNotFoundError(
                    f"`{archive}` has more than {_MAX_ENTRIES} entries", place=place
                )
            links = [info for info in package.infolist() if _is_link(info)]
            left = MAX_UNPACKED_BYTES
            for info in package.infolist():
                if not _is_link(info):
                    left -= _extract(package, info, directory, left)
                    if left < 0:
                        raise CodeNotFoundError(
                            f"`{archive}` unpacks to more than 250 MB",
                            place=place,
                            hint="Lambda allows 250 MB, including layers",
                        )
            for info in links:
                _link(package, info, directory)
            for info in package.infolist():
                if info.is_dir():
                    _set_mode(info, _target(info, directory))
    except _UNREADABLE as exc:
        if isinstance(exc, OSError) and is_disk_full(exc):
            raise CodeNotFoundError(
                f"`{archive}` cannot be unpacked: no space left in `{directory.parent.parent}`",
                place=place,
                hint="free some space, or choose another folder with XDG_CACHE_HOME or --layer-cache-basedir",
            ) from exc
        raise CodeNotFoundError(f"`{archive}` cannot be unpacked: {exc}", place=place) from exc


def _extract(package: zipfile.ZipFile, info: zipfile.ZipInfo, directory: Path, limit: int) -> int:
    """Write one entry and return its size; stop soon after `limit` bytes."""
    target = _target(info, directory)
    if info.is_dir() or target == directory:
        target.mkdir(parents=True, exist_ok=True)
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with package.open(info) as source, target.open("wb") as sink:
        while size <= limit and (block := source.read(_BLOCK)):
            sink.write(block)
            size += len(block)
    _set_mode(info, target)
    return size


def _set_mode(info: zipfile.ZipInfo, target: Path) -> None:
    """Set the permissions from the archive; the owner keeps those needed to remove the entry."""
    mode = (info.external_attr >> 16) & _PERMISSIONS
    if mode:
        target.chmod(mode | (stat.S_IRWXU if info.is_dir() else stat.S_IRUSR | stat.S_IWUSR))


def _link(package: zipfile.ZipFile, info: zipfile.ZipInfo, directory: Path) -> None:
    target = _target(info, directory)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.is_symlink() and not target.exists():
        with package.open(info) as content:
            leads_to = content.read(_LONGEST_LINK)
        target.symlink_to(leads_to.decode(errors="surrogateescape"))


def _target(info: zipfile.ZipInfo, directory: Path) -> Path:
    parts = [part for part in Path(info.filename).parts if part not in {"..", "/", "."}]
    return directory.joinpath(*parts)


def _is_link(info: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(info.external_attr >> 16)
