"""The state of configuration files, to notice that their options may be others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_State = tuple[int, int, int] | None


class ConfigState:
    """The files that may have the options of a command, as they were when it read them."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._states = {os.fspath(each): _state_of(os.fspath(each)) for each in files}

    def now(self) -> ConfigState:
        """Return the state of the same files now."""
        return ConfigState(map(Path, self._states))

    def changed_file(self) -> str | None:
        """Return the name of a file that has been written, has appeared or has gone since; this takes microseconds."""
        for path, state in self._states.items():
            if _state_of(path) != state:
                return os.path.basename(path)  # noqa: PTH119  # as above
        return None


def _state_of(path: str) -> _State:
    try:
        status = os.stat(path)  # noqa: PTH116  # pathlib takes longer, and this is for each request
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
