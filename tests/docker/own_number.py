"""Numbers for engines of the tests' own: each has a network, interfaces and perhaps a user that are named after it."""

from __future__ import annotations

import os
import pwd
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERS = 250  # that fit into an address
_INTERFACES = ("samlocal{}", "samlocal{}p", "samlocal{}k", "samlocal-r{}")


@contextmanager
def own_number() -> Iterator[int]:
    """Reserve a number that no other test on this machine has until the block ends, of any user.

    The kernel frees an abstract socket with the process that has it:
    https://man7.org/linux/man-pages/man7/unix.7.html
    """
    first = os.getpid()
    for number in (each % _NUMBERS for each in range(first, first + _NUMBERS)):
        with socket.socket(socket.AF_UNIX) as claim:
            try:
                claim.bind(f"\0samlocal-tests-{number}")
            except OSError:
                continue
            if not _has_remains(number):
                yield number
                return
    raise RuntimeError("all numbers for engines are taken")


def _has_remains(number: int) -> bool:
    """Return whether a killed test left something with that number."""
    users = {user.pw_name for user in pwd.getpwall()}
    return f"samlocal{number}" in users or any(
        (Path("/sys/class/net") / interface.format(number)).exists() for interface in _INTERFACES
    )
