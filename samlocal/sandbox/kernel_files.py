"""Files of the kernel that are read often, and therefore stay open."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

# More than a file about a process or a group has; more processes than fit are not needed.
_MOST_BYTES: Final = 64 * 1024


class KernelFiles:
    """Reads small files in /proc and /sys, each of which is opened once.

    Reading one again takes a tenth of the time of opening and reading it.
    """

    def __init__(self) -> None:
        self._open: dict[str, int] = {}

    def read(self, path: str) -> str:
        """Return the present content of a file.

        Raises:
            OSError: It is not there any more.
        """
        if path not in self._open:
            self._open[path] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(self._open[path], _MOST_BYTES, 0).decode()
        except OSError:
            os.close(self._open.pop(path))
            raise

    def close_others(self, folder: str, paths: Collection[str]) -> None:
        """Close the files that are neither in the folder nor among the paths."""
        if len(self._open) > len(paths):
            kept = set(paths)
            for path in tuple(self._open):
                if path not in kept and not path.startswith(folder):
                    os.close(self._open.pop(path))

    def close(self) -> None:
        while self._open:
            _, number = self._open.popitem()
            os.close(number)
