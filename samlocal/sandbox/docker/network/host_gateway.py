"""`host-gateway` as an address, for an engine that does not support it.

Docker and Podman since 4.7 replace it with this machine's address. Older Podman writes it to /etc/hosts:
https://github.com/containers/podman/blob/v4.7.0/RELEASE_NOTES.md
"""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.errors import EngineError
from samlocal.sandbox.ports import LOOPBACK

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine
    from samlocal.sandbox.container_spec import ContainerNetwork

_HOST_GATEWAY: Final = "host-gateway"
_PODMAN_THAT_KNOWS_IT: Final = (4, 7)
# Nothing is sent there: https://www.rfc-editor.org/rfc/rfc5737
_SOMEWHERE_ELSE: Final = ("198.51.100.1", 9)


def with_host_gateway(engine: Engine, network: ContainerNetwork) -> ContainerNetwork:
    """Return the network with this machine's address for `host-gateway`, if the engine does not replace it.

    Raises:
        EngineError: This machine has no address that containers can reach.
    """
    if _HOST_GATEWAY not in network.hosts.values() or not engine.is_podman:
        return network
    if engine.version() >= _PODMAN_THAT_KNOWS_IT:
        return network
    address = _address(engine, network)
    hosts = {name: address if ip == _HOST_GATEWAY else ip for name, ip in network.hosts.items()}
    return replace(network, hosts=hosts)


def _address(engine: Engine, network: ContainerNetwork) -> str:
    if network.is_host:
        return LOOPBACK
    # The gateway of a rootless engine is in a separate network.
    address = _own_address() if engine.is_rootless() else engine.gateway()
    if address is None:
        raise EngineError(
            "Podman before 4.7 does not support `host-gateway`",
            hint="pass an IP address to `--add-host`",
        )
    return address


def _own_address() -> str | None:
    """Return this machine's address in other networks; None without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(_SOMEWHERE_ELSE)
        except OSError:
            return None
        return str(asking.getsockname()[0])
