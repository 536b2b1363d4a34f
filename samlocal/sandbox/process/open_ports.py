"""Whether a program of this machine listens on a port, without connecting to it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from samlocal.sandbox.socket_tables import TABLES, is_listed

_PROCESS: Final = Path("/proc/self")


def listens_on(port: int) -> bool | None:
    """Return whether a program listens on a TCP port; None where the kernel does not tell."""
    try:
        tables = [(_PROCESS / name).read_text() for name in TABLES if (_PROCESS / name).exists()]
    except OSError:
        return None
    return is_listed("".join(tables), port) if tables else None
