"""Connections between this machine and programs in a sandbox, over every API connection."""

from __future__ import annotations

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from samlocal.engine.engine import Engine
from samlocal.sandbox.docker.network.sandbox_connector import SandboxConnector
from tests.docker.listening_sandbox import HOSTS, MIB, Way, echoed, listening
from tests.free_ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import docker

    from samlocal.sandbox.container_spec import ApiConnection
    from tests.docker.listening_sandbox import Running

ENGINES = ("docker", "podman")

CALL_API = 'exec 3<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API/://}"'
DIRECT_WAYS = (
    pytest.param(Way("direct"), id="direct"),
    pytest.param(Way("direct", network="host"), id="host network"),
)
WAYS = (
    *DIRECT_WAYS,
    pytest.param(Way("relay"), id="relay in Python"),
    pytest.param(Way("relay", image="nodejs:22"), id="relay in Node.js"),
    pytest.param(Way("relay", network="host"), id="relay in the host network"),
)


@pytest.fixture(scope="module", params=WAYS)
def running(
    request: pytest.FixtureRequest,
    stand_in: Callable[[str], str],
    engine: docker.APIClient,
    engine_variables: dict[str, str],
) -> Iterator[Running]:
    del engine  # on which the tests run
    way: Way = request.param
    with (
        Engine(engine_variables.get("DOCKER_HOST")) as ours,
        listening(ours, stand_in(way.image), way) as there,
    ):
        yield there


@pytest.mark.parametrize("host", HOSTS)
def test_program_is_reached_wherever_it_listens(running: Running, host: str) -> None:
    """A program is reached at any address, and the sandbox's names are addresses of its own."""
    with running.sandbox.connect(running.ports[host]) as connected:
        assert echoed(connected, b"telemetry") == b"telemetry"
        connected.shutdown(socket.SHUT_WR)
        assert connected.recv(1) == b""


def test_port_without_a_listener_is_refused(running: Running) -> None:
    """A port on which no program listens is refused, in the same words over any connection."""
    (port,) = free_ports(1)
    with pytest.raises(ConnectionRefusedError, match=f"in the sandbox listens on port {port}"):
        running.sandbox.connect(port)


def test_many_threads_connect_at_once(running: Running) -> None:
    """Any thread may connect, and each has its own data back."""
    port = running.ports["sandbox"]

    def exchange(number: int) -> bool:
        data = number.to_bytes(4, "big") * 10_000
        with running.sandbox.connect(port) as connected:
            return echoed(connected, data) == data

    with ThreadPoolExecutor(20) as threads:
        assert all(threads.map(exchange, range(60)))


def test_50_mb_arrive_whole(running: Running) -> None:
    """50 MB go to a program and come back."""
    data = os.urandom(MIB) * 50
    with running.sandbox.connect(running.ports["sandbox.localdomain"]) as connected:
        assert echoed(connected, data) == data


def test_executed_program_may_call_the_api(running: Running) -> None:
    """A program that the engine executes in the sandbox is one of the sandbox's for the Runtime API."""
    status, output = running.engine.run_in(running.container_id, ["bash", "-c", CALL_API])
    assert status == 0, output
    calling, peer = running.api.accept()
    with calling:
        assert running.sandbox.accepts_peer(*peer)


def test_machines_names_are_kept(running: Running) -> None:
    """The sandbox's names hide none of those that the container has otherwise."""
    status, output = running.engine.run_in(running.container_id, ["cat", "/etc/hosts"])
    assert status == 0, output
    assert "localhost" in output.split()
    assert {"sandbox", "sandbox.localdomain"} <= set(output.split())


@pytest.mark.parametrize("running", DIRECT_WAYS, indirect=True, scope="module")
@pytest.mark.parametrize("host", HOSTS)
def test_network_that_this_machine_cannot_reach(running: Running, host: str) -> None:
    """In the network of a virtual machine, a program is reached from inside the container."""
    there = running.engine.api.container(running.container_id)["NetworkSettings"]["Networks"]
    addresses = [each["IPAddress"] for each in there.values() if each["IPAddress"]]
    connector = SandboxConnector(
        running.engine, running.container_id, addresses=addresses, is_reachable=False
    )
    with connector.connect(running.ports[host], pid=0) as connected:
        data = os.urandom(MIB)
        assert echoed(connected, data) == data
    with pytest.raises(ConnectionRefusedError):
        connector.connect(free_ports(1)[0], pid=0)


@pytest.mark.parametrize("connection", ["direct", "relay"])
def test_chosen_host_name(
    stand_in: Callable[[str], str],
    engine: docker.APIClient,
    engine_variables: dict[str, str],
    connection: ApiConnection,
) -> None:
    """A program at the sandbox's names is reached in a container with a host name of the user's."""
    del engine
    way = Way(connection, host_name="mine")
    with (
        Engine(engine_variables.get("DOCKER_HOST")) as ours,
        listening(ours, stand_in(way.image), way) as there,
    ):
        with there.sandbox.connect(there.ports["sandbox.localdomain"]) as connected:
            assert echoed(connected, b"telemetry") == b"telemetry"
        status, output = ours.run_in(there.container_id, ["cat", "/etc/hosts"])
        assert status == 0, output
        assert "mine" in output.split()
