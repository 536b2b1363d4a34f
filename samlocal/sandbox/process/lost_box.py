"""What remains of a box that was killed."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL
from typing import TYPE_CHECKING, Final

from samlocal.sandbox.process.box.control_groups import remove_group
from samlocal.sandbox.process.box.file_trees import remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.sandbox.process.box_setup import BoxSetup
    from samlocal.sandbox.process.limits import Limits

_ATTEMPTS: Final = 100
_PAUSE_SECONDS: Final = 0.01


def clean_up(setup: BoxSetup, limits: Limits | None) -> None:
    """End the processes of a box that has ended without doing so, and remove what it has made."""
    for _ in range(_ATTEMPTS):
        remaining = list(_processes_with(setup.marker))
        for number in remaining:
            with suppress(OSError):
                os.kill(number, SIGKILL)
        if not remaining:
            break
        time.sleep(_PAUSE_SECONDS)
    for folder in limits.folders if limits else ():
        remove_group(folder)
    remove_tree(str(setup.folder))


def _processes_with(marker: str) -> Iterator[int]:
    """Yield the processes of this user with an environment variable, `NAME=VALUE`, from their start."""
    wanted = b"\0" + marker.encode() + b"\0"
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is another user's
            if wanted in b"\0" + (each / "environ").read_bytes():
                yield int(each.name)
