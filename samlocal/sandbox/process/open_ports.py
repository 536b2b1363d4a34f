"""Whether clients of localhost reach a program on a port, without connecting to it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from samlocal.sandbox.socket_tables import accepts_loopback, read_tables

_PROCESS: Final = Path("/proc/self")


def listens_on(port: int) -> bool | None:
    """Return whether a program accepts clients of localhost on a TCP port; None where the kernel does not tell.

    Another program may listen on the same port of another address, such as that of a bridge.
    """
    try:
        tables = read_tables(_PROCESS)
    except OSError:
        return None
    return accepts_loopback(tables, port) if tables else None
