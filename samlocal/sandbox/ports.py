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
            _listen(address, port).close()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise _in_use(port) from error
            # Other errors are ignored: the engine opens the port and may have permission.


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, port), family=family)


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
