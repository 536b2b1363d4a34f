"""A lock that all runs of the tests on this machine share."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from samlocal.data import cache_folder

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def only_one(name: str) -> Iterator[None]:
    """Keep out all other processes of the user that ask for the same name, until the end of the block."""
    folder = cache_folder() / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
