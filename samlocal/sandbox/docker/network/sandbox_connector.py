"""Connections from this machine to programs that listen in a container which needs no relay."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from samlocal.sandbox.ports import LOOPBACK
from samlocal.sandbox.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.engine.engine import Engine

# A network of this machine answers in less than a millisecond.
_CONNECT_SECONDS: Final = 1.0


class SandboxConnector:
    """Connects to a running container, whose addresses this machine can reach or not (`is_reachable`).

    A program may listen on the address of the container only, on loopback only, or on all. Loopback, and a
    network that this machine cannot reach, need a forwarder inside.
    """

    def __init__(
        self, engine: Engine, container_id: str, *, addresses: Sequence[str], is_reachable: bool
    ) -> None:
        self._engine = engine
        self._container_id = container_id
        self._addresses = tuple(addresses)
        self._reachable = set(addresses) if is_reachable else set()

    def connect(self, port: int, *, pid: int) -> socket.socket:
        """Connect to a program that listens on a port. The container's process 1 is `pid`.

        Raises:
            OSError: No program listens there.
        """
        for address in self._addresses:
            if address in self._reachable and (connected := self._connect(address, port)):
                return connected
        if self._reachable and not self._listens_on(port, pid):
            raise refused(port)
        from samlocal.sandbox.docker.network.exec_forwarder import connect_inside  # noqa: PLC0415  # few need it

        return connect_inside(
            self._engine, self._container_id, (*self._addresses, LOOPBACK, "::1"), port
        )

    def _connect(self, address: str, port: int) -> socket.socket | None:
        """Connect over the network; return None if that is refused, or not possible."""
        try:
            connected = socket.create_connection((address, port), timeout=_CONNECT_SECONDS)
        except ConnectionRefusedError:
            return None
        except OSError:  # a firewall, or a network such as macvlan
            self._reachable.discard(address)
            return None
        connected.settimeout(None)
        with suppress(OSError):
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def _listens_on(self, port: int, pid: int) -> bool:
        """Return whether a program may listen on the port, on another address."""
        from samlocal.sandbox.docker.container.open_ports import listens_on  # noqa: PLC0415  # few need it

        return listens_on(self._engine, self._container_id, pid, port) is not False
