"""The kernel's tables of TCP sockets.

https://docs.kernel.org/networking/proc_net_tcp.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

TABLES: Final = ("net/tcp", "net/tcp6")
_LISTEN: Final = "0A"


def read_tables(process: Path) -> str:
    """Return the tables of a process of this machine, `/proc/PID`; empty where the kernel has none.

    Raises:
        OSError: The process has ended, or is another user's.
    """
    return "".join((process / name).read_text() for name in TABLES if (process / name).exists())


def is_listed(tables: str, port: int) -> bool:
    """Return whether a program listens on a port, by a line such as `0: 00000000:16E2 00000000:0000 0A …`."""
    sockets = (line.split() for line in tables.splitlines())
    return any(
        fields[3:4] == [_LISTEN] and fields[1].endswith(f":{port:04X}") for fields in sockets
    )
