"""How many files and sockets the process may have open."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from typing import Final

# Enough for a server. Programs that the process starts have the same limit, and some close every number below it.
_WANTED: Final = 65_536
# For containers, and for what functions ask: at least so many are kept from clients, or a quarter of a low limit.
_RESERVED: Final = 128


def raise_open_files() -> None:
    """Raise the limit to what the system allows without permissions, at most 65,536.

    Many systems begin with 1024, for programs that use `select`: https://0pointer.net/blog/file-descriptor-limits.html
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(hard, _WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # a system may have a lower one that it does not tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def most_client_files() -> int:
    """Return how many files may be open when a server still takes connections."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        soft = _WANTED
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
