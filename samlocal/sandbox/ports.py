"""Ports of this machine that a sandbox needs, and that may be another program's."""

from __future__ import annotations

import errno
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from samlocal.errors import EngineError, PortInUseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOOPBACK: Final = "127.0.0.1"
# What engines say of a port that they can't publish.
_TAKEN: Final = ("already allocated", "already in use")


def require_free(ports: Sequence[int], *, address: str) -> None:
    """See that nobody listens on any of the ports of an address.

    Raises:
        PortInUseError: Somebody does.
    """
    for port in ports:
        try:
            _listen(address, port).close()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise _in_use(port) from error
            # The engine, which will open it, may be allowed to.


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, port), family=family)


@contextmanager
def port_errors(ports: Sequence[int]) -> Iterator[None]:
    """Name the port that was free a moment ago, and isn't as the engine publishes it."""
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
        hint="does another `samlocal` wait for a debugger?"
        f" `ss -ltnp sport = :{port}` tells who listens; `-d` takes any other port",
    )
