"""What is at a path that may be any text: nothing, if the system does not take it.

pathlib raises for a name that is too long, and for a directory that may not be searched; `os.path` does not.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def is_file(path: Path | str) -> bool:
    """Tell whether there is a file, or a link to one."""
    return os.path.isfile(path)  # noqa: PTH113


def is_directory(path: Path | str) -> bool:
    """Tell whether there is a directory, or a link to one."""
    return os.path.isdir(path)  # noqa: PTH112


def path_exists(path: Path | str) -> bool:
    """Tell whether there is anything, or a link to it."""
    return os.path.exists(path)  # noqa: PTH110


def is_encodable(path: Path | str) -> bool:
    """Tell whether a file can have this path: it has no NUL, and no half of a surrogate pair."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False
