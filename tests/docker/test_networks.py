"""Networks of containers, what a killed command leaves, and `doctor`, with real engines."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import docker
import docker.errors
import pytest

from tests.docker.command import BEHAVIOURS, Samlocal
from tests.docker.leftovers import containers_of, leftovers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.fixtures import SamlocalIn

ENGINES = ("docker", "podman")


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn) -> Samlocal:
    """The command in a copy of the project."""
    return samlocal_in(BEHAVIOURS, "python:3.11")


def test_next_command_removes_leftovers_of_a_killed_one(
    samlocal: Samlocal, engine: docker.APIClient
) -> None:
    """The next invocation removes the container of a killed command."""
    process = samlocal.start_sleeping()
    assert containers_of(engine, samlocal.directory)
    process.kill()
    process.communicate()

    # Commands beside this test may be faster.
    ended = samlocal.invoke("Logs", "--no-event")

    assert ended.exit_code == 0, ended.stderr
    assert not leftovers(engine, samlocal.directory)


def create_network(engine: docker.APIClient, name: str) -> str:
    """Create a network; Podman may fail if another container's interface disappears at that moment."""
    for _ in range(9):
        with suppress(docker.errors.APIError):
            return str(engine.create_network(name)["Id"])
        time.sleep(0.5)
    return str(engine.create_network(name)["Id"])


def test_extra_network_is_joined_beside_the_default_one(
    samlocal: Samlocal, engine: docker.APIClient, tmp_path: Path
) -> None:
    """`--docker-network` connects the container to an additional network."""
    name = f"samlocal-test-{tmp_path.name}"
    network = create_network(engine, name)
    try:
        ended = samlocal.invoke("Networks", "--no-event", "--docker-network", name)
    finally:
        engine.remove_network(network)

    assert ended.exit_code == 0, ended.stderr
    assert sorted(json.loads(ended.stdout)["devices"]) == ["eth0", "eth1", "lo"]


def test_host_network_is_the_hosts_own(samlocal: Samlocal) -> None:
    """`--docker-network host` puts the function on this machine's own network."""
    ended = samlocal.invoke("Networks", "--no-event", "--docker-network", "host")

    assert "docker0" in json.loads(ended.stdout)["devices"]


def test_unknown_network_is_named(samlocal: Samlocal) -> None:
    """The error for an unknown network lists the existing ones."""
    ended = samlocal.invoke("Echo", "--no-event", "--docker-network", "nowhere")

    assert ended.exit_code == 1
    assert "Error: no Docker network `nowhere`\n" in ended.stderr
    assert "`bridge`" in ended.stderr


def test_doctor_finds_everything_well(samlocal: Samlocal) -> None:
    """On a machine where functions run, every line of `doctor` is ok."""
    ended = samlocal("doctor")

    lines = ended.stdout.decode().splitlines()
    assert ended.exit_code == 0
    assert [line.split()[0] for line in lines] == ["ok"] * 6
    assert any("containers reach 1" in line for line in lines)
