"""Whether Lambda's user, who owns none of a function's files, may read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.project.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.errors import Place


def readability_findings(directory: Path, *, place: Place) -> tuple[Finding, ...]:
    """Name the first of the files below a directory that others can't read, and say how many there are.

    A package for Lambda keeps its files' modes, and a function fails there on what it can't read:
    https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-deployment.html
    """
    unreadable = list(_unreadable(directory))
    if not unreadable:
        return ()
    more = f" and {len(unreadable) - 1} more" if len(unreadable) > 1 else ""
    message = (
        f"`{unreadable[0]}`{more} can't be read by Lambda's user, who is neither owner nor group"
    )
    hint = f"`chmod -R o+rX {directory}` lets everyone read"
    return (Finding(message=message, place=place, hint=hint),)


def _unreadable(directory: Path) -> Iterator[Path]:
    """Walk in the order of names; what is below an unreadable directory isn't named as well."""
    if not _lets_others(directory, stat.S_IROTH | stat.S_IXOTH):
        yield directory
        return
    with os.scandir(directory) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if entry.is_symlink():  # what it leads to counts, where it is part of the code
            continue
        if entry.is_dir():
            yield from _unreadable(Path(entry.path))
        elif not _lets_others(entry, stat.S_IROTH):
            yield Path(entry.path)


def _lets_others(file: Path | os.DirEntry[str], bits: int) -> bool:
    return file.stat().st_mode & bits == bits
