"""The parts of a process that the preparation of functions needs."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.data import cache_folder
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO


@frozen
class Host:
    """The environment, folders and standard input for a preparation.

    `variables` are the shell's environment, and `home` is the user's home. A template that is not named
    is searched in `directory`; other relative paths are those of the process. `stdin` is read for the file name `-`. `cache` is the folder for unpacked code and layers;
    it may not exist yet.
    """

    variables: Mapping[str, str]
    home: Path
    directory: Path
    stdin: BinaryIO
    cache: Path


def current_host() -> Host:
    """Return what this process has."""
    return Host(
        variables=os.environ,
        home=Path.home(),
        directory=Path.cwd(),
        stdin=getattr(sys.stdin, "buffer", None) or io.BytesIO(),
        cache=cache_folder(),
    )
