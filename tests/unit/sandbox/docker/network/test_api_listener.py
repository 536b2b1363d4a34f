from __future__ import annotations

import os
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from samlocal.function_configuration import ContainerCredentials
from samlocal.sandbox.container_spec import ContainerNetwork, ImageRequest
from samlocal.sandbox.docker.container.container_factory import ContainerFactory
from samlocal.sandbox.docker.network import api_listener
from samlocal.sandbox.docker.network.api_listener import (
    ApiListener,
    forget_relay,
    listen,
    remember_relay,
)
from tests.unit.engine.fakes import fake_engine
from tests.unit.sandbox.specs import CONTAINER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from samlocal.engine.engine import Engine
    from samlocal.sandbox.container_spec import ApiConnection, ContainerSpec


def engine(
    address: str,
    *,
    gateway: str = "127.0.0.1",
    new_gateway: str | None = None,
    podman: bool = False,
    desktop: bool = False,
) -> Engine:
    """An engine at an address, whose network has a gateway, and another one if it is asked again."""
    return fake_engine(
        address=address,
        socket_path=address.removeprefix("unix://") if "unix://" in address else None,
        is_podman=podman,
        gateways=lambda: (gateway, new_gateway or gateway),
        is_desktop=lambda: desktop,
        is_rootless=lambda: False,
    )


@pytest.fixture(autouse=True)
def _caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Serve a local socket, as an engine on this machine does."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "engine.sock"))
        listener.listen()
        yield f"unix://{tmp_path}/engine.sock"


def found(
    of: Engine, chosen: ApiConnection = "auto", network: str | None = None
) -> tuple[str, str]:
    """Return the host of the API for containers, and the reason for a relay."""
    listening = listen(of, network=ContainerNetwork(name=network), chosen=chosen)
    listening.listener.close()
    return listening.address.partition(":")[0], listening.relay_reason or ""


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's engines are rootful")


@as_root
def test_gateway_of_a_local_engine_is_bound(address: str) -> None:
    """The listener of a local engine is bound to the gateway of its network."""
    assert found(engine(address)) == ("127.0.0.1", "")


@as_root
def test_gateway_of_podman_is_bound_early(address: str) -> None:
    """Podman's gateway is bound before it exists, because the first container creates its bridge."""
    assert found(engine(address, gateway="192.0.2.1", podman=True)) == ("192.0.2.1", "")


@as_root
def test_engine_that_comes_back_with_another_network(address: str) -> None:
    """The engine is asked again for a gateway that cannot be bound any more."""
    back = engine(address, gateway="192.0.2.1", new_gateway="127.0.0.1")
    assert found(back) == ("127.0.0.1", "")


@as_root
def test_gateway_on_another_machine_needs_a_relay(address: str) -> None:
    """A gateway on another machine, as in a container with the host's socket, needs a relay."""
    where, reason = found(engine(address, gateway="192.0.2.1"))
    assert (where, reason) == ("", "the engine's network is not on this machine")


@as_root
def test_desktop_forwards_connections(address: str) -> None:
    """Containers of Docker Desktop reach this machine by its name in the virtual machine."""
    assert found(engine(address, gateway="192.0.2.1", desktop=True)) == ("host.docker.internal", "")


@pytest.mark.parametrize("remote", ["tcp://127.0.0.1:2375", "ssh://me@example.com", "https://x"])
def test_remote_engine_needs_a_relay(remote: str) -> None:
    """A remote engine needs a relay, even if its gateway is an address of this machine too."""
    assert found(engine(remote)) == ("", "the engine is on another machine")


def test_engine_of_another_user_needs_a_relay(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine of a user other than root has a separate network, and needs a relay."""
    monkeypatch.setattr(api_listener, "_socket_owner", lambda _path: (os.getpid(), 1000))
    assert found(engine(address)) == ("", "the engine is in a virtual machine")


def test_api_connection_overrides_the_detection(address: str) -> None:
    """`--api-connection` overrides the detection."""
    assert found(engine("tcp://far:1"), "direct") == ("127.0.0.1", "")
    assert found(engine(address), "relay") == ("", "`--api-connection relay` is set")


@as_root
def test_the_relay_is_remembered_for_the_engine(address: str) -> None:
    """The relay is remembered for the engine until it is forgotten."""
    local = engine(address)
    remember_relay(local)

    assert found(local) == ("", "its containers could not reach this machine")
    assert forget_relay(local)
    assert not forget_relay(local)
    assert found(local) == ("127.0.0.1", "")


def spec(chosen: ApiConnection) -> ContainerSpec:
    image = ImageRequest(name="python:3.11", is_function=True)
    return replace(CONTAINER, image=image, api_connection=chosen)


@as_root
@pytest.mark.parametrize(
    ("chosen", "family", "local", "network", "relayed"),
    [
        pytest.param("auto", "python", [], None, True, id="its own image"),
        pytest.param("auto", "java", ["public.ecr.aws/lambda/python:3.13"], None, True, id="local"),
        pytest.param("auto", "java", ["python:3.13"], None, False, id="no image"),
        pytest.param("auto", "python", [], "host", False, id="loopback anyway"),
        pytest.param("direct", "python", [], None, False, id="a direct connection is chosen"),
    ],
)
def test_credentials_need_a_loopback_address(
    address: str,
    chosen: ApiConnection,
    family: str,
    local: list[str],
    network: str | None,
    relayed: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """A relay serves credentials where SDKs accept them, unless its image would have to be pulled."""
    at = engine(address)
    vars(at)["image_digests"] = lambda: dict.fromkeys(local, "sha256:1")
    credentials = ContainerCredentials(token="t", access_key_id="a", secret_access_key="s")
    sandbox = replace(CONTAINER.sandbox, credentials=credentials, family=family)
    wanted = replace(
        CONTAINER,
        sandbox=sandbox,
        network=ContainerNetwork(name=network),
        api_connection=chosen,
    )
    listener = ApiListener(at, lost=lambda _error: None)
    listener.listen(wanted)
    assert listener.connect(wanted, closed_factory(at)) == (not relayed)
    assert listener.has_relay == relayed
    listener.close()


def closed_factory(of: Engine) -> ContainerFactory:
    factory = ContainerFactory(of, pull=None)
    factory.close()
    return factory


def test_only_the_container_may_connect(address: str) -> None:
    """Only the container's addresses and loopback are accepted; the listener is closed at the end."""
    local = engine(address)
    listener = ApiListener(local, lost=lambda _error: None)
    opened = listener.listen(spec("direct"))

    assert listener.connect(spec("direct"), ContainerFactory(local, pull=None))
    assert listener.address == f"127.0.0.1:{opened.getsockname()[1]}"
    assert not listener.has_relay
    assert not listener.accepts_peer("172.17.0.2", 1)

    listener.allow({"172.17.0.2"})
    assert listener.accepts_peer("172.17.0.2", 1)
    assert listener.accepts_peer("127.0.0.1", 1)
    assert not listener.accepts_peer("172.17.0.3", 1)

    listener.close()
    assert opened.fileno() == -1


def test_closed_factory_starts_no_relay() -> None:
    """A closed factory starts no relay, and there is no address."""
    unused = fake_engine()
    factory = ContainerFactory(unused, pull=None)
    factory.close()
    listener = ApiListener(unused, lost=lambda _error: None)
    listener.listen(spec("relay"))

    assert not listener.connect(spec("relay"), factory)
    assert (listener.has_relay, listener.relay_id, listener.address) == (True, None, "")

    listener.close()
