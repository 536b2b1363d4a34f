"""The number of files and sockets that this process may have open."""

from __future__ import annotations

import resource
from contextlib import suppress
from typing import Final

# Enough for a server. Programs that the process starts have the same limit, and some close every number below it.
MOST_OPEN_FILES: Final = 65_536

_before: list[int] = []


def raise_open_files() -> None:
    """Raise the limit to what the system allows without permissions, at most 65,536.

    Many systems begin with 1024, for programs that use `select`: https://0pointer.net/blog/file-descriptor-limits.html
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # a system may have a lower one that it does not tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            _before.append(soft)


def original_open_files() -> int | None:
    """Return the limit before it was raised, which is that of functions; None if it is as it was."""
    return _before[0] if _before else None
