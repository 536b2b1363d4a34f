"""Changes of files, from the system's own watch."""

from __future__ import annotations

import os
import select
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final, Protocol

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

# Each group takes one of the few watches that a user may have, and each new group a walk of its directories only.
_MOST_GROUPS: Final = 4
IS_LINUX: Final = os.uname().sysname == "Linux"


class Notify(Protocol):
    """The system's watch over some directories."""

    def changed_paths(self) -> set[str]:
        """Return the absolute paths that have changed since the last call; this takes microseconds.

        Raises:
            OSError: Changes were lost, and may be lost from now on.
        """

    def fileno(self) -> int | None:
        """Return the file that can be read when something has changed.

        None if there is none, because a thread reads the changes: those of the last moments may not be known.
        """

    def close(self) -> None:
        """Watch nothing any more."""


@frozen
class _Group:
    """Directories that are watched together, with all below them if `is_recursive`."""

    directories: frozenset[str]
    is_recursive: bool
    notify: Notify


def system_notify(directories: Collection[str], *, is_recursive: bool) -> Notify:
    """Return this system's watch over directories, with all below them if `is_recursive`.

    Raises:
        OSError: The system allows no more watches.
    """
    if IS_LINUX:
        from samlocal.serving.inotify import Inotify  # noqa: PLC0415  # one of them is needed

        return Inotify(directories, is_recursive=is_recursive)
    from samlocal.serving.rust_notify import WatchfilesNotify  # noqa: PLC0415

    return WatchfilesNotify(directories, is_recursive=is_recursive)


class FileWatch:
    """Watches directories; nothing runs while nothing changes.

    One thread at a time may call `watch` and `watch_again`, which take a walk; any other may call `changed_paths`.
    """

    def __init__(self, notify: Callable[..., Notify] = system_notify) -> None:
        self._notify = notify
        self._groups: tuple[_Group, ...] = ()
        self._left: set[str] = set()
        self._lock = Lock()
        self._is_closed = False
        # It stays the same while groups come and go; the kernel forgets those that are closed.
        self._ready = select.epoll() if IS_LINUX else None

    def fileno(self) -> int | None:
        """Return the file that can be read when something has changed; None if there is none."""
        return self._ready.fileno() if self._ready else None

    def watch(self, trees: Collection[str], directories: Collection[str]) -> bool:
        """Watch directories from now on, `trees` with all below them; those that do not exist are left out.

        Return whether changes in directories that are watched already may have gone unnoticed meanwhile.

        Raises:
            OSError: The system allows no more watches.
        """
        self._replace((), self._new_groups(trees, directories, known=self._groups))
        has_missed = False
        for is_recursive in (True, False):
            many = tuple(each for each in self._groups if each.is_recursive is is_recursive)
            if len(many) > _MOST_GROUPS:
                every = frozenset().union(*(each.directories for each in many))
                with suppress(OSError):  # they stay as they are
                    group = self._one_group(every, is_recursive=is_recursive)
                    has_missed |= self._replace(many, group)
        return has_missed

    def watch_again(self, trees: Collection[str], directories: Collection[str]) -> bool:
        """Watch these directories instead of all others: some of them are not the same any more.

        Return whether changes may have gone unnoticed meanwhile.

        Raises:
            OSError: The system allows no more watches.
        """
        try:
            return self._replace(self._groups, self._new_groups(trees, directories))
        except OSError:  # there may be enough watches without the old ones
            self._replace(self._groups, ())
            self._replace((), self._new_groups(trees, directories))
            return True

    def changed_paths(self) -> set[str]:
        """Return the absolute paths that have changed since the last call; this takes microseconds.

        Raises:
            OSError: Changes were lost.
        """
        with self._lock:
            paths, self._left = self._left, set()
            for group in self._groups:
                paths |= group.notify.changed_paths()
        return paths

    def close(self) -> None:
        """Watch nothing any more."""
        with self._lock:
            self._is_closed = True
            groups, self._groups = self._groups, ()
            _close(groups)
            if self._ready:
                self._ready.close()

    def _await_changes(self, groups: Iterable[_Group]) -> None:
        for group in groups:
            number = group.notify.fileno()
            if self._ready and number is not None:
                self._ready.register(number, select.EPOLLIN)

    def _new_groups(
        self,
        trees: Collection[str],
        directories: Collection[str],
        *,
        known: Collection[_Group] = (),
    ) -> tuple[_Group, ...]:
        """Return groups for all directories that are not in known groups."""
        watched = {name for each in known if each.is_recursive for name in each.directories}
        tops = {name for name in trees if not _is_below(name, watched)}
        tops = {name for name in tops if not any(str(each) in tops for each in Path(name).parents)}
        others = frozenset(directories).difference(*(each.directories for each in known))
        group = self._one_group(frozenset(tops), is_recursive=True)
        try:
            return (*group, *self._one_group(others, is_recursive=False))
        except OSError:
            _close(group)
            raise

    def _one_group(self, directories: frozenset[str], *, is_recursive: bool) -> tuple[_Group, ...]:
        """Return a group for the directories that exist; none if none does."""
        existing = frozenset(filter(os.path.isdir, directories))  # without errors
        if not existing:
            return ()
        notify = self._notify(existing, is_recursive=is_recursive)
        return (_Group(directories=existing, is_recursive=is_recursive, notify=notify),)

    def _replace(self, old: Collection[_Group], new: tuple[_Group, ...]) -> bool:
        """Watch with new groups instead of old ones, and keep what those have seen.

        Return whether the old ones may have missed something.
        """
        has_missed = False
        with self._lock:
            if self._is_closed:
                _close(new)
                return has_missed
            self._groups = (*(each for each in self._groups if each not in old), *new)
            self._await_changes(new)
            for group in old:
                try:
                    self._left |= group.notify.changed_paths()
                except OSError:
                    has_missed = True
                has_missed |= group.notify.fileno() is None
            _close(old)
        return has_missed


def _is_below(name: str, trees: Collection[str]) -> bool:
    return name in trees or any(str(each) in trees for each in Path(name).parents)


def _close(groups: Iterable[_Group]) -> None:
    for group in groups:
        group.notify.close()
