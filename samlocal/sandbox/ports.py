"""Ports of this machine that a sandbox needs and another program may use."""

from __future__ import annotations

import errno
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from samlocal.errors import EngineError, PortInUseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOOPBACK: Final = "127.0.0.1"
# Messages of engines for a port that they cannot publish.
_TAKEN: Final = ("already allocated", "already in use")


def require_free(ports: Sequence[int], *, address: str) -> None:
    """Check that the ports of an address are free.

    Raises:
        PortInUseError: A program listens on one.
    """
    for port in ports:
        try:
            _bind(address, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise _in_use(port) from error
            # Other errors are ignored: the engine opens the port and may have permission.


def _bind(address: str, port: int) -> None:
    """Bind a socket without listening, which two commands may do at the same time."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as tested:
        # Connections that ended shortly before do not count.
        tested.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            tested.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        tested.bind((address, port))


@contextmanager
def port_errors(ports: Sequence[int]) -> Iterator[None]:
    """Translate the engine's error for a port that was taken after the check."""
    try:
        yield
    except EngineError as error:
        if any(words in error.message for words in _TAKEN):
            for port in ports:
                if f":{port}" in error.message:
                    raise _in_use(port) from error
        raise


def _in_use(port: int) -> PortInUseError:
    return PortInUseError(
        f"port {port} of this machine is in use",
        hint="another `samlocal` may be waiting for a debugger;"
        f" `ss -ltnp sport = :{port}` shows the listening program; `-d` takes any other port",
    )
