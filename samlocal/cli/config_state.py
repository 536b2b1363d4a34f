"""The state of configuration files, to notice that their options may be others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.file_stamp import file_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable


class ConfigState:
    """The files that may have the options of a command, as they were when it read them."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._stamps = {path: file_stamp(path) for path in map(os.fspath, files)}

    def now(self) -> ConfigState:
        """Return the state of the same files now."""
        return ConfigState(map(Path, self._stamps))

    def changed_file(self) -> str | None:
        """Return the name of a file that has been written, has appeared or has gone since; this takes microseconds."""
        for path, stamp in self._stamps.items():
            if file_stamp(path) != stamp:
                return os.path.basename(path)  # noqa: PTH119  # for each request
        return None
