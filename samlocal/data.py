"""The locations of samlocal's own files: its data folders, and the cache."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Literal

from samlocal.errors import CacheError

_PACKAGE = Path(__file__).parent


def data_folder(name: Literal["runtimes", "templates"]) -> Path:
    """Return the data folder `name`: in `_data/` of an installed wheel, else in the checkout."""
    packaged = _PACKAGE / "_data" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name


def cache_folder() -> Path:
    """Return the platform's cache folder for samlocal; it may not exist yet.

    A relative XDG_CACHE_HOME is ignored: https://specifications.freedesktop.org/basedir-spec/latest/
    """
    home = Path.home().absolute()  # engines mount absolute paths only
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "samlocal"
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (chosen if chosen.is_absolute() else home / ".cache") / "samlocal"


def temporary_cache_folder() -> Path:
    """Return the replacement for a cache that cannot be written; it may not exist yet.

    Raises:
        CacheError: There is no directory for temporary files.
    """
    import tempfile  # noqa: PLC0415  # rarely needed

    try:
        return Path(tempfile.gettempdir()) / f"samlocal-{os.getuid()}"
    except FileNotFoundError as error:
        raise CacheError(
            "no directory for temporary files found", hint="set TMPDIR to one"
        ) from error


def temporary_cache() -> Path:
    """Create the folder if necessary, and return it; only this user has access to it.

    Raises:
        CacheError: It cannot be created, or belongs to another user.
    """
    folder = temporary_cache_folder()
    hint = "set XDG_CACHE_HOME to a directory that you can write to"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise CacheError(f"`{folder}` cannot be written: {error.strerror}", hint=hint) from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise CacheError(f"`{folder}` is not a private directory of your user", hint=hint)
    return folder


def exists(path: Path) -> bool:
    """Tell whether a path exists and is accessible."""
    try:
        return path.exists()
    except OSError:
        return False
