"""Changes of files through watchfiles, for systems other than Linux."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

if TYPE_CHECKING:
    from collections.abc import Iterable

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


class WatchfilesNotify:
    """Watches directories, with all below them if `is_recursive`.

    Raises:
        OSError: The system allows no more watches.
    """

    def __init__(self, directories: Iterable[str], *, is_recursive: bool) -> None:
        existing = [*directories]
        try:
            self._notify = _new(existing, is_recursive=is_recursive)
        except FileNotFoundError:  # one has gone meanwhile
            existing = [each for each in existing if Path(each).is_dir()]
            self._notify = _new(existing, is_recursive=is_recursive)
        except WatchfilesRustInternalError as error:
            raise OSError(str(error)) from error
        except OSError as error:
            if os.strerror(errno.EACCES) not in str(error):
                raise
            self._notify = _new(existing, is_recursive=is_recursive, ignores_errors=True)

    def changed_paths(self) -> set[str]:
        """Return the paths that have changed since the last call.

        Raises:
            OSError: Changes were lost, and may be lost from now on.
        """
        try:
            found = self._notify.watch(0, 0, 0, _AtOnce())
        except _NoMoreChangesError:
            return set()
        except WatchfilesRustInternalError as error:
            raise OSError(str(error)) from error
        if isinstance(found, str):  # a handler of a signal has raised it
            raise KeyboardInterrupt
        return {path for _, path in found}

    def fileno(self) -> int | None:
        """There is no file: a thread reads the system's events."""

    def close(self) -> None:
        """Watch nothing any more."""
        self._notify.close()


def _new(directories: list[str], *, is_recursive: bool, ignores_errors: bool = False) -> RustNotify:
    return RustNotify(
        directories,
        debug=False,
        force_polling=False,
        poll_delay_ms=0,
        recursive=is_recursive,
        # With this, watchfiles reports no other error either, such as too many watches.
        ignore_permission_denied=ignores_errors,
    )
