from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from samlocal.sandbox.container_spec import ContainerNetwork
from samlocal.sandbox.docker.container import host_names as host_names_module
from samlocal.sandbox.docker.container.creation import relay_config
from samlocal.sandbox.docker.container.engine_options import ChosenOptions
from samlocal.sandbox.docker.container.host_names import HostNames, host_names
from tests.unit.sandbox.specs import CONTAINER

if TYPE_CHECKING:
    from pathlib import Path

OWN = ContainerNetwork()
HOST = ContainerNetwork(name="host")
ITSELF = ("sandbox.localdomain:0.0.0.0", "sandbox:0.0.0.0")
LOOPBACK = ("sandbox.localdomain:127.0.0.1", "sandbox:127.0.0.1")


@pytest.fixture(autouse=True)
def hosts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """This machine's file of hosts."""
    file = tmp_path / "hosts"
    file.write_text("127.0.0.1 localhost me  # names\n\n# comment\n10.0.0.5\tdb.corp\n::1 six\n")
    monkeypatch.setattr(host_names_module, "_HOSTS", file)
    return file


def test_docker_names_the_containers_address() -> None:
    """Docker writes a host name with a domain, and its first part, beside the container's address."""
    names = host_names(OWN, ChosenOptions(), is_podman=False)
    assert names == HostNames(container={"Hostname": "sandbox.localdomain"})


@pytest.mark.parametrize(
    ("chosen", "podman"),
    [
        pytest.param(ChosenOptions(), True, id="Podman"),
        pytest.param(ChosenOptions(names={"Hostname": "mine"}), False, id="chosen host name"),
        pytest.param(ChosenOptions(names={"Domainname": "mine"}), False, id="chosen domain"),
        pytest.param(ChosenOptions(host={"UTSMode": "host"}), False, id="the machine's names"),
    ],
)
def test_names_where_the_host_name_is_not_ours(chosen: ChosenOptions, *, podman: bool) -> None:
    """Where the host name cannot be ours, the names are other names of the container."""
    names = host_names(OWN, chosen, is_podman=podman)
    assert names == HostNames(container=chosen.names, hosts=ITSELF)


def test_docker_keeps_the_machines_names_in_its_network() -> None:
    """In the machine's network, Docker drops the machine's names for ours, so that they are added."""
    machines = ("localhost:127.0.0.1", "me:127.0.0.1", "db.corp:10.0.0.5", "six:::1")
    names = host_names(HOST, ChosenOptions(), is_podman=False)
    assert names == HostNames(container={}, hosts=(*machines, *LOOPBACK))


def test_machine_without_names(hosts: Path) -> None:
    """Without a file of hosts, there are our names only."""
    hosts.unlink()
    assert host_names(HOST, ChosenOptions(), is_podman=False).hosts == LOOPBACK


@pytest.mark.parametrize(
    ("network", "chosen", "podman"),
    [
        pytest.param(HOST, ChosenOptions(), True, id="Podman"),
        pytest.param(
            ContainerNetwork(name="host", hosts={"db": "10.0.0.2"}),
            ChosenOptions(),
            False,
            id="--add-host",
        ),
        pytest.param(
            HOST, ChosenOptions(network={"ExtraHosts": ["db:10.0.0.2"]}), False, id="extra_hosts"
        ),
    ],
)
@pytest.mark.parametrize("relay", [False, True])
def test_names_in_the_machines_network(
    network: ContainerNetwork, chosen: ChosenOptions, *, podman: bool, relay: bool
) -> None:
    """The names are loopback's where the machine's names are kept, or dropped anyway."""
    names = host_names(network, chosen, is_podman=podman, is_relay=relay)
    assert names == HostNames(container={}, hosts=LOOPBACK)


def test_relay_in_the_machines_network() -> None:
    """A relay, whose machine may be another, keeps that machine's names and adds ours itself."""
    names = host_names(HOST, ChosenOptions(), is_podman=False, is_relay=True)
    line = "127.0.0.1 sandbox.localdomain sandbox"
    assert names == HostNames(container={}, line=line)
    relay = relay_config(replace(CONTAINER, network=HOST), ChosenOptions(), "python:3.11", ["sh"])
    assert relay["Env"] == [f"HOSTS_LINE={line}"]
    assert relay["HostConfig"]["ReadonlyRootfs"] is False
