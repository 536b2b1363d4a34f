"""Changes of files, from the system's own watch through watchfiles."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# Each group takes one of the few watches that a user may have, and each new group a walk of its directories only.
_MOST_GROUPS: Final = 4
_LOOKS: Final = 2


class _NoMoreChangesError(Exception):
    """Ends the wait for changes."""


class _AtOnce:
    """What watchfiles asks, again and again, whether it shall stop to wait for changes.

    It asks before it looks, and returns changes when it has seen no more of them in a second look. Where there
    are none this ends the wait with an error, because an answer would make watchfiles drop what has come meanwhile.
    """

    def __init__(self) -> None:
        self._looks = 0

    def is_set(self) -> bool:
        self._looks += 1
        if self._looks > _LOOKS:
            raise _NoMoreChangesError
        return False


@frozen
class _Group:
    """Directories that are watched together, with all below them if `is_recursive`."""

    directories: frozenset[str]
    is_recursive: bool
    notify: RustNotify


class FileWatch:
    """Watches directories; nothing runs while nothing changes.

    One thread at a time may call `watch` and `watch_again`, which take a walk; any other may call `changed_paths`.
    """

    def __init__(self) -> None:
        self._groups: tuple[_Group, ...] = ()
        self._left: set[str] = set()
        self._lock = Lock()

    def watch(self, trees: Collection[str], directories: Collection[str]) -> None:
        """Watch directories from now on, `trees` with all below them; those that do not exist are left out.

        Raises:
            OSError: The system allows no more watches.
        """
        new = {each for each in trees if not self._is_in_tree(each)}
        tops = {each for each in new if not any(str(up) in new for up in Path(each).parents)}
        self._cover(tops, is_recursive=True)
        known = set[str]().union(*(each.directories for each in self._groups))
        self._cover(set(directories) - known, is_recursive=False)

    def watch_again(self, trees: Collection[str], directories: Collection[str]) -> bool:
        """Watch these directories instead of all others: some of them are not the same any more.

        Return whether changes may have gone unnoticed meanwhile.

        Raises:
            OSError: The system allows no more watches.
        """
        old, self._groups = self._groups, ()
        try:
            self.watch(trees, directories)
        except OSError:  # there may be enough watches without the old ones
            self._end((*old, *self._groups))
            self._groups = ()
            self.watch(trees, directories)
            return True
        self._end(old)
        return False

    def changed_paths(self) -> set[str]:
        """Return the absolute paths that have changed since the last call; this takes microseconds.

        Raises:
            OSError: Changes were lost.
        """
        with self._lock:
            paths, self._left = self._left, set()
            for group in self._groups:
                paths |= _changed_paths(group)
        return paths

    def close(self) -> None:
        """Watch nothing any more."""
        with self._lock:
            groups, self._groups = self._groups, ()
            for group in groups:
                group.notify.close()

    def _is_in_tree(self, directory: str) -> bool:
        path = Path(directory)
        trees = {name for each in self._groups if each.is_recursive for name in each.directories}
        return any(str(each) in trees for each in (path, *path.parents))

    def _cover(self, directories: set[str], *, is_recursive: bool) -> None:
        """Watch more directories: in a new group, or in one group instead of many."""
        if not any(Path(each).is_dir() for each in directories):
            return
        old = tuple(each for each in self._groups if each.is_recursive is is_recursive)
        if len(old) < _MOST_GROUPS:
            old = ()
        every = [each for each in directories.union(*(e.directories for e in old)) if _exists(each)]
        group = _Group(
            directories=frozenset(every),
            is_recursive=is_recursive,
            notify=_notify(every, is_recursive=is_recursive),
        )
        with self._lock:
            self._groups = (*(each for each in self._groups if each not in old), group)
        self._end(old)

    def _end(self, groups: Iterable[_Group]) -> None:
        """End groups, and keep what they have seen."""
        with self._lock:
            for group in groups:
                with suppress(OSError):
                    self._left |= _changed_paths(group)
                group.notify.close()


def _exists(directory: str) -> bool:
    return Path(directory).is_dir()


def _notify(directories: list[str], *, is_recursive: bool) -> RustNotify:
    try:
        return _new_notify(directories, is_recursive=is_recursive)
    except FileNotFoundError:  # one has gone meanwhile
        return _new_notify([*filter(_exists, directories)], is_recursive=is_recursive)
    except WatchfilesRustInternalError as error:
        raise OSError(str(error)) from error
    except OSError as error:
        if os.strerror(errno.EACCES) not in str(error):
            raise
        # With this, watchfiles reports no other error either, such as too many watches.
        return _new_notify(directories, is_recursive=is_recursive, ignores_errors=True)


def _new_notify(
    directories: list[str], *, is_recursive: bool, ignores_errors: bool = False
) -> RustNotify:
    return RustNotify(
        directories,
        debug=False,
        force_polling=False,
        poll_delay_ms=0,
        recursive=is_recursive,
        ignore_permission_denied=ignores_errors,
    )


def _changed_paths(group: _Group) -> set[str]:
    try:
        found = group.notify.watch(0, 0, 0, _AtOnce())
    except _NoMoreChangesError:
        return set()
    except WatchfilesRustInternalError as error:
        raise OSError(str(error)) from error
    if isinstance(found, str):  # a handler of a signal has raised it
        raise KeyboardInterrupt
    return {path for _, path in found}
