"""Removes what boxes have left that were killed together with their samlocal.

Each box locks its folder, as long as it lives.
"""

from __future__ import annotations

import fcntl
import os
import time

from .control_groups import parents, remove_group
from .file_trees import remove_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_PREFIX: Final = "samlocal-box-"
# A folder is made before it is locked.
_YOUNG_SECONDS: Final = 60


def make_folder(folder: str) -> int:
    """Make the folder of this box, with a private directory for temporary files; return it open.

    It is locked until the end of this process, which removes it even if samlocal ends now.
    """
    os.mkdir(folder, 0o700)
    temporary = f"{folder}/tmp"  # noqa: S108  # in a folder of this box
    os.mkdir(temporary)
    os.chmod(temporary, 0o1777)  # noqa: S103  # as /tmp is for all users
    number = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    fcntl.flock(number, fcntl.LOCK_EX)
    return number


def remove_leftovers(folder: str) -> None:
    """Remove the folders and control groups of dead boxes beside those of this one."""
    parent, own = os.path.split(folder)
    groups = set(parents().values())
    for name in os.listdir(parent):
        if name.startswith(_PREFIX) and name != own and _is_dead(f"{parent}/{name}"):
            for group in groups:
                remove_group(f"{group}/{name}")
            remove_tree(f"{parent}/{name}")
    for group in groups:
        _remove_groups(group, own)


def _remove_groups(parent: str, own: str) -> None:
    """Remove the groups of boxes whose samlocal has ended; their folders may have gone, or be somewhere else."""
    for name in os.listdir(parent):
        if not name.startswith(_PREFIX) or name == own:
            continue
        try:
            is_young = time.time() - os.stat(f"{parent}/{name}").st_mtime < _YOUNG_SECONDS
            if not is_young and not os.path.exists(f"/proc/{_samlocal_of(name)}"):
                os.rmdir(f"{parent}/{name}")
        except OSError:  # it has processes, or has gone
            continue


def _samlocal_of(name: str) -> str:
    """Return the number of the process that a box with this name belongs to."""
    return name.removeprefix(_PREFIX).partition("-")[0]


def _is_dead(folder: str) -> bool:
    try:
        status = os.stat(folder)
        if status.st_uid != os.geteuid() or time.time() - status.st_mtime < _YOUNG_SECONDS:
            return False
        number = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(number)
    return True
