"""The files that samlocal itself writes while it serves, such as stderr that was redirected to one."""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import suppress

from samlocal.frozen_dataclass import frozen


@frozen
class OwnFiles:
    """Files by device and inode."""

    files: frozenset[tuple[int, int]] = frozenset()

    def has(self, path: str) -> bool:
        """Return whether a path is one of them."""
        if not self.files:
            return False
        try:
            status = os.stat(path)  # noqa: PTH116  # there may be thousands of changes
        except OSError:
            return False
        return (status.st_dev, status.st_ino) in self.files


def find_own_files() -> OwnFiles:
    """Return the regular files that this process has open for writing now."""
    found = set()
    try:
        names = os.listdir("/dev/fd")  # noqa: PTH208  # names are numbers
    except OSError:
        return OwnFiles()
    for name in names:
        with suppress(OSError):  # that of the directory is closed
            number = int(name)
            status = os.fstat(number)
            writes = fcntl.fcntl(number, fcntl.F_GETFL) & (os.O_WRONLY | os.O_RDWR)
            if writes and stat.S_ISREG(status.st_mode):
                found.add((status.st_dev, status.st_ino))
    return OwnFiles(files=frozenset(found))
