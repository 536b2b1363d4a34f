"""Changes of files from Linux's inotify.

A change is in the kernel's queue before the call that makes it returns. Who reads the queue afterwards knows of it, without
a thread that has to be scheduled first: a library that reads the queue in a thread of its own lags behind on a
busy machine, by 50 ms and more.

https://man7.org/linux/man-pages/man7/inotify.7.html
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_MODIFY: Final = 0x2
_ATTRIB: Final = 0x4
_CLOSE_WRITE: Final = 0x8
_MOVED_FROM: Final = 0x40
_MOVED_TO: Final = 0x80
_CREATE: Final = 0x100
_DELETE: Final = 0x200
_DELETE_SELF: Final = 0x400
_MOVE_SELF: Final = 0x800
_OVERFLOW: Final = 0x4000
_IGNORED: Final = 0x8000
_ONLY_DIRECTORIES: Final = 0x0100_0000
_IS_DIRECTORY: Final = 0x4000_0000
_CHANGES: Final = (
    _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
) | (_DELETE_SELF | _MOVE_SELF | _ONLY_DIRECTORIES)
_EVENT: Final = struct.Struct("iIII")
_MOST_BYTES: Final = 256 * 1024
# A directory that has gone meanwhile, or that nobody here may read, so that no function does.
_NOT_THERE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EACCES})


class Inotify:
    """Watches directories, with all below them if `is_recursive`; symlinks below them are not followed.

    Raises:
        OSError: The system allows no more watches.
    """

    def __init__(self, directories: Iterable[str], *, is_recursive: bool) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._is_recursive = is_recursive
        self._paths: dict[int, str] = {}
        self._error: OSError | None = None
        self._queue = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._queue < 0:
            raise _last_error()
        try:
            for directory in directories:
                self._add(directory)
        except OSError:
            self.close()
            raise

    def changed_paths(self) -> set[str]:
        """Return the paths that have changed since the last call.

        Raises:
            OSError: Changes were lost, and may be lost from now on.
        """
        paths: set[str] = set()
        with suppress(BlockingIOError):
            while True:
                self._read(os.read(self._queue, _MOST_BYTES), paths)
        if self._error:
            raise self._error
        return paths

    def fileno(self) -> int:
        """Return the file that can be read when something has changed."""
        return int(self._queue)

    def close(self) -> None:
        """Watch nothing any more."""
        os.close(self._queue)

    def _read(self, events: bytes, paths: set[str]) -> None:
        position = 0
        while position < len(events):
            watch, mask, _, length = _EVENT.unpack_from(events, position)
            position += _EVENT.size + length
            name = events[position - length : position].rstrip(b"\0")
            if mask & _OVERFLOW:
                self._error = OSError("too many files changed at once")
            elif mask & _IGNORED:
                self._paths.pop(watch, None)
            elif directory := self._paths.get(watch):
                path = f"{directory}/{os.fsdecode(name)}" if name else directory
                paths.add(path)
                if name and mask & _IS_DIRECTORY and self._is_recursive:
                    self._follow(path, mask)

    def _follow(self, directory: str, mask: int) -> None:
        """Watch a directory that is new in a tree, and no longer one that has left it."""
        if mask & _MOVED_FROM:
            for watch, path in [*self._paths.items()]:
                if path == directory or path.startswith(f"{directory}/"):
                    self._libc.inotify_rm_watch(self._queue, watch)
                    del self._paths[watch]
        elif mask & (_CREATE | _MOVED_TO):
            try:
                self._add(directory)
            except OSError as error:
                self._error = error

    def _add(self, top: str) -> None:
        pending = [top]
        while pending:
            directory = pending.pop()
            name = os.fsencode(directory)
            watch = self._libc.inotify_add_watch(self._queue, name, _CHANGES)
            if watch < 0:
                error = _last_error()
                if error.errno in _NOT_THERE:
                    continue
                raise error
            self._paths[watch] = directory
            if self._is_recursive:
                with suppress(OSError), os.scandir(directory) as found:
                    pending += [e.path for e in found if e.is_dir(follow_symlinks=False)]


def _last_error() -> OSError:
    number = ctypes.get_errno()
    if number == errno.ENOSPC:
        return OSError(number, "the limit of watched directories is reached")
    return OSError(number, os.strerror(number))
