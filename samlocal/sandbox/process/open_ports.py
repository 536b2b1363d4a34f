"""Whether a program of this machine listens on a port, without connecting to it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from samlocal.sandbox.socket_tables import is_listed, read_tables

_PROCESS: Final = Path("/proc/self")


def listens_on(port: int) -> bool | None:
    """Return whether a program listens on a TCP port; None where the kernel does not tell."""
    try:
        tables = read_tables(_PROCESS)
    except OSError:
        return None
    return is_listed(tables, port) if tables else None
