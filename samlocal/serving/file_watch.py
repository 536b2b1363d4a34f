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
        self._is_closed = False

    def watch(self, trees: Collection[str], directories: Collection[str]) -> None:
        """Watch directories from now on, `trees` with all below them; those that do not exist are left out.

        Raises:
            OSError: The system allows no more watches.
        """
        self._replace((), _new_groups(trees, directories, known=self._groups))
        for is_recursive in (True, False):
            many = tuple(each for each in self._groups if each.is_recursive is is_recursive)
            if len(many) > _MOST_GROUPS:
                every = frozenset().union(*(each.directories for each in many))
                with suppress(OSError):  # they stay as they are
                    self._replace(many, _one_group(every, is_recursive=is_recursive))

    def watch_again(self, trees: Collection[str], directories: Collection[str]) -> bool:
        """Watch these directories instead of all others: some of them are not the same any more.

        Return whether changes may have gone unnoticed meanwhile.

        Raises:
            OSError: The system allows no more watches.
        """
        try:
            self._replace(self._groups, _new_groups(trees, directories))
        except OSError:  # there may be enough watches without the old ones
            self._replace(self._groups, ())
            self._replace((), _new_groups(trees, directories))
            return True
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
            self._is_closed = True
            groups, self._groups = self._groups, ()
            _close(groups)

    def _replace(self, old: Collection[_Group], new: tuple[_Group, ...]) -> None:
        """Watch with new groups instead of old ones, and keep what those have seen."""
        with self._lock:
            if self._is_closed:
                _close(new)
                return
            self._groups = (*(each for each in self._groups if each not in old), *new)
            for group in old:
                with suppress(OSError):
                    self._left |= _changed_paths(group)
            _close(old)


def _new_groups(
    trees: Collection[str], directories: Collection[str], *, known: Collection[_Group] = ()
) -> tuple[_Group, ...]:
    """Return groups for all directories that are not in known groups."""
    watched = {name for each in known if each.is_recursive for name in each.directories}
    tops = {name for name in trees if not _is_below(name, watched)}
    tops = {name for name in tops if not any(str(each) in tops for each in Path(name).parents)}
    others = frozenset(directories).difference(*(each.directories for each in known))
    group = _one_group(frozenset(tops), is_recursive=True)
    try:
        return (*group, *_one_group(others, is_recursive=False))
    except OSError:
        _close(group)
        raise


def _is_below(name: str, trees: Collection[str]) -> bool:
    return name in trees or any(str(each) in trees for each in Path(name).parents)


def _one_group(directories: frozenset[str], *, is_recursive: bool) -> tuple[_Group, ...]:
    """Return a group for the directories that exist; none if none does."""
    existing = frozenset(filter(_exists, directories))
    if not existing:
        return ()
    notify = _notify([*existing], is_recursive=is_recursive)
    return (_Group(directories=existing, is_recursive=is_recursive, notify=notify),)


def _close(groups: Iterable[_Group]) -> None:
    for group in groups:
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
