"""Where samlocal's own files are: the data that it ships with, and what it keeps between commands."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Literal

from samlocal.errors import CacheError

_PACKAGE = Path(__file__).parent


def data_folder(name: Literal["runtimes", "templates"]) -> Path:
    """Return the folder of that name: in `_data/` of an installed wheel, else in the checkout."""
    packaged = _PACKAGE / "_data" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name


def cache_folder() -> Path:
    """Return where the platform keeps what can be made again; it may not exist yet.

    A relative XDG_CACHE_HOME doesn't count: https://specifications.freedesktop.org/basedir-spec/latest/
    """
    home = Path.home().absolute()  # engines mount nothing else
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "samlocal"
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (chosen if chosen.is_absolute() else home / ".cache") / "samlocal"


def temporary_cache_folder() -> Path:
    """Return what serves where the cache can't be written; it may not exist yet.

    Raises:
        CacheError: There is no directory for temporary files.
    """
    import tempfile  # noqa: PLC0415  # it is rarely needed

    try:
        return Path(tempfile.gettempdir()) / f"samlocal-{os.getuid()}"
    except FileNotFoundError as error:
        raise CacheError(
            "there is no directory for temporary files", hint="set TMPDIR to one"
        ) from error


def temporary_cache() -> Path:
    """Return that folder, which is this user's alone.

    Raises:
        CacheError: It can't be made, or somebody else has made it.
    """
    folder = temporary_cache_folder()
    hint = "set XDG_CACHE_HOME to a directory that you can write to"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise CacheError(f"`{folder}` can't be written: {error.strerror}", hint=hint) from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise CacheError(f"`{folder}` isn't a directory of yours alone", hint=hint)
    return folder


def exists(path: Path) -> bool:
    """Tell whether a file or directory is there; one that may not be looked for isn't."""
    try:
        return path.exists()
    except OSError:
        return False
