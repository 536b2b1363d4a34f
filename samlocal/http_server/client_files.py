"""How many files and sockets of a server's clients may be open."""

from __future__ import annotations

import os
import resource
from typing import Final

from samlocal.open_files import MOST_OPEN_FILES

# For containers, and for what functions ask: at least so many are kept from clients, or a quarter of a low limit.
_RESERVED: Final = 128


def most_client_files() -> int:
    """Return how many files may be open when a server still takes connections."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        soft = MOST_OPEN_FILES
    return soft - min(_RESERVED, soft // 4)


def has_files_for_clients(file: int) -> bool:
    """Return whether few enough files are open; `file` is an open one.

    A new file gets the lowest free number, so there are at least as many below it.
    """
    try:
        lowest_free = os.dup(file)
    except OSError:
        return False
    os.close(lowest_free)
    return lowest_free < most_client_files()
