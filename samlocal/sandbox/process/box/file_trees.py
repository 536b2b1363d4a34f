"""Removes the folders of sandboxes."""

from __future__ import annotations

import os


def remove_tree(path: str) -> None:
    """Remove a directory with all that is in it, whatever its permissions, as far as possible."""
    try:
        entries = _entries(path)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                remove_tree(entry.path)
            else:
                _unlink(entry.path)
        os.rmdir(path)
    except OSError:  # it has gone, or is another user's
        return


def _entries(path: str) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(path))
    except PermissionError:  # the function has locked itself out
        os.chmod(path, 0o700)
        return list(os.scandir(path))


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except PermissionError:
        os.chmod(os.path.dirname(path), 0o700)
        os.unlink(path)
