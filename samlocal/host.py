"""What a command or a program lends of its process to whatever prepares functions."""

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
    """The surroundings of a preparation.

    `variables` are the shell's environment, `home` and `directory` the user's home and the directory that
    relative paths start from. `stdin` is what `-` names. `cache` is where code and layers are kept between
    commands; it may not exist yet.
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
