"""Free ports for programs that a test starts later."""

from __future__ import annotations

import fcntl
import socket
from contextlib import suppress
from typing import Final

from samlocal.data import cache_folder

# Below the ports that the kernel gives to other tests' connections and listeners in the meantime:
# https://docs.kernel.org/networking/ip-sysctl.html (ip_local_port_range)
_FIRST: Final = 20_000
_COUNT: Final = 12_000


def free_port() -> int:
    """Return a port that no program of this machine uses, and that no other test gets for a long time."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return ports as `free_port` does."""
    folder = cache_folder() / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "next-port").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        number = int(file.read() or 0)
        free: list[int] = []
        while len(free) < count:
            port = _FIRST + number % _COUNT
            number += 1
            with suppress(OSError), socket.create_server(("", port)):
                free.append(port)
        file.truncate(0)
        file.write(str(number % _COUNT))
    return free
