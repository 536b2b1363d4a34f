"""Where samlocal's own files are: the data that it ships with, and what it keeps between commands."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).parent


def data_folder(name: Literal["runtimes", "templates"]) -> Path:
    """Return the folder of that name: in `_data/` of an installed wheel, else in the checkout."""
    packaged = _PACKAGE / "_data" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name


def cache_folder() -> Path:
    """Return where the platform keeps what can be made again; it may not exist yet.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "samlocal"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "samlocal"
