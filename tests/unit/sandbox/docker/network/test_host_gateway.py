from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import EngineError
from samlocal.sandbox.container_spec import ContainerNetwork
from samlocal.sandbox.docker.network import host_gateway
from samlocal.sandbox.docker.network.host_gateway import with_host_gateway
from tests.unit.engine.fakes import fake_engine

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine


def engine(
    version: tuple[int, int],
    *,
    podman: bool = True,
    gateway: str | None = "192.0.2.1",
    rootless: bool = False,
) -> Engine:
    """An engine whose network has a gateway."""
    return fake_engine(
        is_podman=podman,
        version=lambda: version,
        is_rootless=lambda: rootless,
        gateway=lambda: gateway,
    )


def hosts(on: Engine, network: str | None = None) -> dict[str, str]:
    named = {"db.local": "10.1.2.3", "me": "host-gateway"}
    given = ContainerNetwork(name=network, hosts=named)
    return dict(with_host_gateway(on, given).hosts)


@pytest.mark.parametrize(
    ("on", "network", "address"),
    [
        pytest.param(engine((1, 13), podman=False), None, "host-gateway", id="docker"),
        pytest.param(engine((4, 7)), None, "host-gateway", id="podman"),
        pytest.param(engine((4, 3)), None, "192.0.2.1", id="old podman"),
        pytest.param(engine((4, 3)), "host", "127.0.0.1", id="host network"),
    ],
)
def test_host_gateway_is_replaced_for_old_podman_only(
    on: Engine, network: str | None, address: str
) -> None:
    """`host-gateway` is replaced only for engines that do not support it; other addresses are kept."""
    assert hosts(on, network) == {"db.local": "10.1.2.3", "me": address}


def test_gateway_of_a_rootless_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a rootless engine, `host-gateway` is this machine's address in other networks."""
    monkeypatch.setattr(host_gateway, "_own_address", lambda: "198.51.100.7")
    assert hosts(engine((4, 3), rootless=True))["me"] == "198.51.100.7"


def test_own_address() -> None:
    """The own address is this machine's address in other networks, found without sending data."""
    address = host_gateway._own_address()
    assert address is None or ip_address(address) not in ip_network("127.0.0.0/8")


def test_network_without_host_gateway() -> None:
    """Without `host-gateway`, the engine is not called."""
    network = ContainerNetwork(hosts={"db.local": "10.1.2.3"})
    assert with_host_gateway(fake_engine(), network) is network


def test_network_without_a_gateway_is_an_error() -> None:
    """Without a gateway, `host-gateway` is an error."""
    with pytest.raises(EngineError, match="does not support `host-gateway`"):
        hosts(engine((4, 3), gateway=None))
