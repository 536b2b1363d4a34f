"""Whether Lambda's user, who does not own a function's files, may read them."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from samlocal.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from samlocal.errors import Place


def readability_diagnostics(path: Path, *, place: Place) -> tuple[Diagnostic, ...]:
    """Return a diagnostic with the first file that others cannot read, and the number of such files.

    Files keep their modes in Lambda, and a function fails if it cannot read one:
    https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-deployment.html
    """
    unreadable = list(_unreadable(path))
    if not unreadable:
        return ()
    more = f" and {len(unreadable) - 1} more" if len(unreadable) > 1 else ""
    message = f"Lambda's user cannot read `{unreadable[0]}`{more}: it is neither owner nor group"
    hint = f"run `chmod -R o+rX {path}`"
    return (Diagnostic(message=message, place=place, hint=hint),)


def _unreadable(path: Path) -> Iterator[Path]:
    """Yield unreadable paths in the order of names, without those below an unreadable directory."""
    is_directory = path.is_dir()
    needed = stat.S_IROTH | stat.S_IXOTH if is_directory else stat.S_IROTH
    if path.stat().st_mode & needed != needed:
        yield path
    elif is_directory:
        for child in sorted(path.iterdir()):
            if not child.is_symlink():  # its target is checked if it is part of the code
                yield from _unreadable(child)
