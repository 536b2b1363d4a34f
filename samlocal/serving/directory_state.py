"""The state of the files in a directory, without their content."""

from __future__ import annotations

import os
import stat
from hashlib import blake2b
from typing import Final

# No function depends on them: Python checks its caches, and Git's files are not deployed.
UNIMPORTANT: Final = frozenset({".git", "__pycache__"})


def directory_state(path: str) -> str:
    """Return a text that changes with any file below a directory, or with the file that `path` is.

    It stands for names, sizes, times of modification, inodes and permissions, and the targets of symlinks,
    which are not followed. `.git` and `__pycache__` do not count. A directory that was replaced by another
    one is different, since a container keeps the directory that it was started with. What cannot be read
    has a state too, and so has a path that does not exist.
    """
    digest = blake2b(digest_size=16)
    try:
        status = os.stat(path)  # noqa: PTH116  # pathlib is too slow for thousands of files
    except OSError as error:
        return f"error {error.errno}"
    digest.update(f"{status.st_mode}\0{status.st_dev}\0{status.st_ino}".encode())
    if not os.path.isdir(path):  # noqa: PTH112
        digest.update(f"\0{status.st_size}\0{status.st_mtime_ns}".encode())
        return digest.hexdigest()
    states: list[str] = []
    pending = [path]
    while pending:
        directory = pending.pop()
        try:
            with os.scandir(directory) as found:
                parts = [_entry_state(entry, pending) for entry in found]
        except OSError as error:
            parts = [f"error {error.errno}"]
        parts.sort()  # the order in a directory may change
        states.append(f"{directory}\0{'/'.join(parts)}")
    states.sort()
    digest.update("//".join(states).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _entry_state(entry: os.DirEntry[str], pending: list[str]) -> str:
    """Return the state of one entry; a directory is added to those that are read later."""
    name = entry.name
    if name in UNIMPORTANT:
        return ""
    try:
        status = entry.stat(follow_symlinks=False)
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFDIR:
            pending.append(entry.path)
            return f"{name}\0{status.st_mode}"
        link = os.readlink(entry.path) if kind == stat.S_IFLNK else ""  # noqa: PTH115
    except OSError as error:  # it has gone meanwhile
        return f"{name}\0error {error.errno}"
    return f"{name}\0{status.st_mode} {status.st_size} {status.st_mtime_ns} {status.st_ino} {link}"
