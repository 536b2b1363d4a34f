"""One suite for all sandboxes: containers of each engine, and processes of this machine, which need no engine.

A module runs in `docker` and `process`, and in `podman` too if its `SANDBOXES` says so. What a process cannot do is
marked with the row of docs/guides/process-sandbox.md that says why.
"""

from __future__ import annotations

from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, Any

import docker
import pytest

import samlocal
from tests.conformance.machine_lock import only_one
from tests.conformance.process_leftovers import processes_of
from tests.docker import real_programs
from tests.docker.build_cache import NoCompilerError
from tests.docker.built_images import remove_built_images
from tests.docker.fixtures import STAND_INS
from tests.docker.leftovers import leftovers
from tests.missing import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from samlocal.sandbox.sandbox import SandboxKind
    from tests.docker.podman_engine import Podman


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot be so in a process, or in one without namespaces.

    Processes share the ports of this machine, so public programs that listen on certain ones run in one worker.
    """
    impossible = {each for each in items if _is_impossible(each)}
    if impossible:
        config.hook.pytest_deselected(items=list(impossible))
        items[:] = [each for each in items if each not in impossible]
    for each in items:
        if _shares_ports(each):
            each.add_marker(pytest.mark.xdist_group("ports"))


def _is_impossible(item: pytest.Item) -> bool:
    marks = {"plain": ("container", "isolated"), "process": ("container",)}
    return any(item.get_closest_marker(each) for each in marks.get(_sandbox_of(item), ()))


def _sandbox_of(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    return str(callspec.params.get("sandbox")) if callspec else ""


def _shares_ports(item: pytest.Item) -> bool:
    return bool(item.get_closest_marker("ports")) and is_process(_sandbox_of(item))


@pytest.fixture(autouse=True)
def ports(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let another run of the tests on this machine use certain ports before, or afterwards."""
    with only_one("ports") if _shares_ports(request.node) else nullcontext():
        yield


def is_process(sandbox: str) -> bool:
    """Return whether it is a process; `plain` is one without namespaces."""
    return sandbox in {"process", "plain"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "sandbox" in metafunc.fixturenames:
        engines = metafunc.config.getoption("engines")
        sandboxes = getattr(metafunc.module, "SANDBOXES", ("docker", "process"))
        if engines:
            processes = [each for each in sandboxes if is_process(each)]
            sandboxes = [each for each in engines if each != "process"]
            sandboxes += processes if "process" in engines else []
        metafunc.parametrize("sandbox", sandboxes, indirect=True, scope="session")


@pytest.fixture(scope="session")
def sandbox(request: pytest.FixtureRequest) -> str:
    """The sandboxes of a test: `docker`, `podman`, `process` or `plain`."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def engine(sandbox: str, request: pytest.FixtureRequest) -> Iterator[docker.APIClient]:
    """The engine of the test's containers."""
    if sandbox == "docker":
        yield request.getfixturevalue("machines_engine")
    elif sandbox == "podman":
        podman: Podman = request.getfixturevalue("podman")
        with closing(docker.APIClient(base_url=podman.address, version="auto")) as client:
            yield client
    else:
        pytest.fail("processes need no engine")


@pytest.fixture(scope="session")
def engine_variables(sandbox: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """The variables that select the sandbox for a command."""
    if is_process(sandbox):
        return {"SAMLOCAL_SANDBOX": "process", "DOCKER_HOST": "unix:///nowhere/engine.sock"}
    if sandbox == "docker":
        return {"SAMLOCAL_SANDBOX": "docker"}
    podman: Podman = request.getfixturevalue("podman")
    return {"SAMLOCAL_SANDBOX": "docker", "DOCKER_HOST": podman.address}


@pytest.fixture(scope="session")
def on_podman(sandbox: str) -> bool:
    """Whether the engine is Podman, whose messages differ."""
    return sandbox == "podman"


@pytest.fixture(scope="session")
def settings(sandbox: str) -> samlocal.SandboxSettings:
    """The sandbox's settings for a program that uses samlocal as a library."""
    kind: SandboxKind = "process" if is_process(sandbox) else "docker"
    return samlocal.SandboxSettings(kind=kind, image_repository=STAND_INS, api_connection="direct")


@pytest.fixture(scope="session")
def stand_in(sandbox: str, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Gives the tag of a stand-in image that the engine has; a process needs none."""
    if is_process(sandbox):
        return lambda name: f"{STAND_INS}/{name}"
    built_image: Callable[[str], str] = request.getfixturevalue("built_image")
    if sandbox == "docker":
        return built_image
    podman: Podman = request.getfixturevalue("podman")
    client: docker.APIClient = request.getfixturevalue("engine")

    def tag(name: str) -> str:
        image = built_image(name)
        if not client.images(name=image):
            podman.load(image)
        return image

    return tag


@pytest.fixture
def remains_of(sandbox: str, request: pytest.FixtureRequest) -> Callable[[Path], list[Any]]:
    """Returns what remains of the sandboxes for a project's directory: containers, or processes."""
    if is_process(sandbox):
        return processes_of
    client: docker.APIClient = request.getfixturevalue("engine")
    return lambda folder: leftovers(client, folder)


@pytest.fixture(scope="module")
def programs(
    sandbox: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The project with public programs; the images of its functions are removed afterwards."""
    directory = tmp_path_factory.mktemp("programs") / "project"
    try:
        real_programs.lay_out(directory)
    except NoCompilerError as reason:
        missing(str(reason))
    yield directory
    if not is_process(sandbox):
        remove_built_images(request.getfixturevalue("engine"), directory / "template.yaml")
