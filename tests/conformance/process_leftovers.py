"""Processes of sandboxes that remain on this machine."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def processes_of(folder: Path) -> list[str]:
    """Return the processes that have a folder, or something in it, in their command, variables or mounts.

    Those that have ended are not among them, even if nobody has asked for their status.
    """
    name = os.fsencode(folder)
    return [_shown(each) for each in _others() if any(name in part for part in _parts(each))]


def _others() -> list[Path]:
    mine = {str(os.getpid()), str(os.getppid())}
    return [each for each in Path("/proc").glob("[0-9]*") if each.name not in mine]


def _parts(process: Path) -> list[bytes]:
    parts = []
    for file in ("cmdline", "environ", "mountinfo"):
        with suppress(OSError):  # it has ended
            parts.append((process / file).read_bytes())
    with suppress(OSError):
        parts.append(os.fsencode((process / "cwd").readlink()))
    return parts


def _shown(process: Path) -> str:
    with suppress(OSError):
        return f"{process.name} {(process / 'cmdline').read_bytes()!r}"
    return process.name
