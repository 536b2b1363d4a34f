"""The kernel's tables of TCP sockets.

https://docs.kernel.org/networking/proc_net_tcp.html
"""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    """Return whether a program listens on a port, at any address."""
    return any(own == port for _, own in _listeners(tables))


def accepts_loopback(tables: str, port: int) -> bool:
    """Return whether a program of this machine listens on a port where clients of localhost reach it."""
    return any(
        own == port and address in _REACHED_BY_LOOPBACK for address, own in _listeners(tables)
    )


def _listeners(tables: str) -> Iterator[tuple[str, int]]:
    """Yield address and port of lines such as `0: 0100007F:16E2 00000000:0000 0A …`."""
    for line in tables.splitlines():
        fields = line.split()
        if fields[3:4] == [_LISTEN]:
            address, _, port = fields[1].partition(":")
            yield address, int(port, 16)


def _written(family: int, address: str) -> str:
    """Return an address as the kernel writes it: words of 32 bits in the order of this machine's bytes."""
    packed = socket.inet_pton(family, address)
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words)


_REACHED_BY_LOOPBACK: Final = {
    *(_written(socket.AF_INET, each) for each in ("127.0.0.1", "0.0.0.0")),  # noqa: S104  # reads
    *(_written(socket.AF_INET6, each) for each in ("::1", "::ffff:127.0.0.1", "::")),
}
