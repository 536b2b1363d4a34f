from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from samlocal.errors import EngineError
from samlocal.sandbox.container_spec import ContainerNetwork
from samlocal.sandbox.docker.network.host_gateway import with_host_gateway

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine


class FakeEngine:
    """An engine whose network has a gateway."""

    def __init__(
        self, version: tuple[int, int], *, podman: bool = True, gateway: str | None = "192.0.2.1"
    ) -> None:
        self.is_podman = podman
        self._version = version
        self._gateway = gateway

    def version(self) -> tuple[int, int]:
        return self._version

    def is_rootless(self) -> bool:
        return False

    def gateway(self) -> str | None:
        return self._gateway


def hosts(engine: FakeEngine, network: str | None = None) -> dict[str, str]:
    named = {"db.local": "10.1.2.3", "me": "host-gateway"}
    given = ContainerNetwork(name=network, hosts=named)
    return dict(with_host_gateway(cast("Engine", engine), given).hosts)


@pytest.mark.parametrize(
    ("engine", "network", "address"),
    [
        pytest.param(FakeEngine((20, 10), podman=False), None, "host-gateway", id="docker"),
        pytest.param(FakeEngine((4, 7)), None, "host-gateway", id="podman"),
        pytest.param(FakeEngine((4, 3)), None, "192.0.2.1", id="old podman"),
        pytest.param(FakeEngine((4, 3)), "host", "127.0.0.1", id="host network"),
    ],
)
def test_host_gateway_is_left_to_engines_that_know_it(
    engine: FakeEngine, network: str | None, address: str
) -> None:
    """To others this machine's address is given; other names have theirs."""
    assert hosts(engine, network) == {"db.local": "10.1.2.3", "me": address}


def test_network_without_a_gateway_is_named() -> None:
    """There is no address to give then."""
    with pytest.raises(EngineError, match="doesn't know what `host-gateway` is"):
        hosts(FakeEngine((4, 3), gateway=None))
