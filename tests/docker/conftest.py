"""What tests against a real engine share. With CI=true nothing is skipped: what is missing fails."""

from __future__ import annotations

import os
import shutil
from ipaddress import ip_network
from typing import TYPE_CHECKING, NoReturn, Protocol

import docker
import docker.errors
import pytest
from docker.utils import kwargs_from_env

from tests.docker import apps
from tests.docker.registry import Registry, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_SECONDS_TO_COMPILE = 900

STAND_INS = "localhost/samlocal"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs all tests that need a registry, so that only one starts and is filled.

    Tests of a sample app have the time that it takes to fetch and compile all that it needs.
    """
    for item in items:
        if isinstance(item, pytest.Function):
            if "registry" in item.fixturenames:
                item.add_marker(pytest.mark.xdist_group("registry"))
            if "sample_app" in item.fixturenames:
                item.add_marker(pytest.mark.timeout(_SECONDS_TO_COMPILE))


def missing(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.APIClient]:
    """The engine that `.ci/engine` started, or any other."""
    try:
        client = docker.APIClient(version="auto", **kwargs_from_env())
    except docker.errors.DockerException as problem:
        missing(f"no container engine answers (.ci/engine starts one): {problem}")
    yield client
    client.close()


@pytest.fixture(scope="session")
def stand_in(engine: docker.APIClient) -> Callable[[str], str]:
    """Gives the tag of a stand-in image: `python:3.11` -> `localhost/samlocal/python:3.11`."""

    def tag(name: str) -> str:
        if not engine.images(name=f"{STAND_INS}/{name}"):
            missing(f"no image {STAND_INS}/{name} (`make images` builds it)")
        return f"{STAND_INS}/{name}"

    return tag


class SampleApp(Protocol):
    def __call__(self, name: str, *, debug: bool = False) -> Path: ...


@pytest.fixture(scope="session")
def sample_app() -> SampleApp:
    """Gives the folder of a sample app that can be invoked: as it is, or built as its README says."""

    def folder(name: str, *, debug: bool = False) -> Path:
        try:
            return apps.built(name, debug=debug)
        except apps.NoCompilerError as reason:
            missing(str(reason))

    return folder


@pytest.fixture(scope="session")
def gateway(engine: docker.APIClient) -> str:
    """The address at which containers on the default network reach this machine."""
    network = engine.inspect_network("bridge")["IPAM"]["Config"][0]
    # An engine that has just started names only the subnet, of which the gateway is the first address.
    return str(network.get("Gateway") or ip_network(network["Subnet"])[1])


@pytest.fixture(scope="session")
def registry(
    engine: docker.APIClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registry]:
    """An empty registry on a free port of the loopback interface."""
    if not shutil.which("docker-registry"):
        missing("docker-registry isn't installed (Debian's package has that name)")
    with serve(tmp_path_factory.mktemp("registry"), engine) as running:
        yield running
