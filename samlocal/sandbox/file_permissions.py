"""Whether Lambda's user, who owns none of a function's files, may read them."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from samlocal.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from samlocal.errors import Place


def readability_diagnostics(path: Path, *, place: Place) -> tuple[Diagnostic, ...]:
    """Name the first file at or below a path that others can't read, and say how many there are.

    A package for Lambda keeps its files' modes, and a function fails there on what it can't read:
    https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-deployment.html
    """
    unreadable = list(_unreadable(path))
    if not unreadable:
        return ()
    more = f" and {len(unreadable) - 1} more" if len(unreadable) > 1 else ""
    message = (
        f"`{unreadable[0]}`{more} can't be read by Lambda's user, who is neither owner nor group"
    )
    hint = f"`chmod -R o+rX {path}` lets everyone read"
    return (Diagnostic(message=message, place=place, hint=hint),)


def _unreadable(path: Path) -> Iterator[Path]:
    """Walk in the order of names; what is below an unreadable directory isn't named as well."""
    is_directory = path.is_dir()
    needed = stat.S_IROTH | stat.S_IXOTH if is_directory else stat.S_IROTH
    if path.stat().st_mode & needed != needed:
        yield path
    elif is_directory:
        for child in sorted(path.iterdir()):
            if not child.is_symlink():  # what it leads to counts, where it is part of the code
                yield from _unreadable(child)
