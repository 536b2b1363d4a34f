"""Faults around an invocation: each is one message with a hint, and no container remains."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.docker import own_engine
from tests.docker.command import API_CONNECTION, BEHAVIOURS, CHECKOUT, PATIENCE_SECONDS, Samlocal
from tests.docker.fixtures import STAND_INS
from tests.docker.leftovers import that_stay
from tests.missing import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import docker

    from tests.docker.own_engine import OwnEngine
    from tests.docker.registry import Registry

HELLO = CHECKOUT / "templates" / "hello-provided"

pytestmark = pytest.mark.xdist_group("faults")


@pytest.fixture(scope="module")
def other_engine(
    built_image: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OwnEngine]:
    """A separate engine with the image of custom runtimes."""
    if not own_engine.can_run():
        missing("an engine of the tests' own needs root, dockerd, ip and iptables")
    with own_engine.serve(tmp_path_factory.mktemp("engine")) as engine:
        engine.load(built_image("provided:al2023"))
        engine.load(built_image("python:3.11"))
        yield engine


@pytest.fixture
def samlocal(tmp_path: Path) -> Callable[[str], Samlocal]:
    """The command, with the engine at an address."""

    def at(address: str) -> Samlocal:
        home = {"SAMLOCAL_IMAGE_REPOSITORY": STAND_INS, "HOME": str(tmp_path)}
        return Samlocal(directory=BEHAVIOURS, environment=home | {"DOCKER_HOST": address})

    return at


@pytest.fixture
def with_images_of(environment: dict[str, str]) -> Callable[[str], Samlocal]:
    """The command, with the images of a repository."""

    def of(repository: str) -> Samlocal:
        variables = environment | {"SAMLOCAL_IMAGE_REPOSITORY": repository}
        return Samlocal(directory=BEHAVIOURS, environment=variables)

    return of


def test_firewall_between_container_and_host_needs_a_relay(
    samlocal: Callable[[str], Samlocal], other_engine: OwnEngine
) -> None:
    """A runtime that cannot reach the API gets a relay, and the next one gets it at once."""
    app = replace(samlocal(other_engine.address), directory=HELLO)
    with other_engine.firewall():
        first = app("local", "invoke", "--no-credentials", "--no-event")
        second = app("local", "invoke", "--no-credentials", "--no-event", "--debug")

    said = "The container cannot reach this machine; using a relay"
    assert (first.exit_code, second.exit_code) == (0, 0), first.stderr + second.stderr
    assert first.stdout == second.stdout != b""
    assert said in first.stderr
    assert said not in second.stderr
    assert "using a relay: its containers could not reach this machine" in second.stderr
    assert not that_stay(other_engine.containers)


def test_doctor_detects_that_the_firewall_is_gone(
    samlocal: Callable[[str], Samlocal], other_engine: OwnEngine
) -> None:
    """`doctor` tests the connection again, and its result is remembered."""
    with other_engine.firewall():
        blocked = samlocal(other_engine.address)("doctor").stdout.decode()
    still = samlocal(other_engine.address).invoke("Echo", "--no-event", "--debug")
    free = samlocal(other_engine.address)("doctor").stdout.decode()

    assert "warning  Runtime API    containers reach samlocal through a relay: containers can" in (
        blocked
    )
    assert "hint: a firewall may block" in blocked
    assert "using a relay: " in still.stderr
    assert "ok       Runtime API    containers reach 10.213." in free
    assert "using a relay: " not in samlocal(other_engine.address).invoke("Echo", "--debug").stderr


def test_firewall_between_container_and_host_is_reported(
    samlocal: Callable[[str], Samlocal], other_engine: OwnEngine
) -> None:
    """A runtime that cannot reach the API is an error with a hint, unlike a slow one."""
    app = replace(samlocal(other_engine.address), directory=HELLO)
    with other_engine.firewall():
        ended = app("local", "invoke", "--no-credentials", "--no-event", API_CONNECTION, "direct")

    assert (ended.exit_code, ended.stdout) == (1, b"")
    assert "Error: the container cannot reach the Runtime API on this machine\n" in ended.stderr
    assert "hint: a firewall may block" in ended.stderr
    assert not that_stay(other_engine.containers)


def test_doctor_sees_the_firewall(
    samlocal: Callable[[str], Samlocal], other_engine: OwnEngine
) -> None:
    """`doctor` tests the API connection from a container, and reports that it is blocked."""
    with other_engine.firewall():
        ended = samlocal(other_engine.address)("doctor", API_CONNECTION, "direct")

    assert ended.exit_code == 1
    assert "failure  Runtime API    containers cannot reach 10.213." in ended.stdout.decode()


def test_killed_engine_is_reported(
    samlocal: Callable[[str], Samlocal], other_engine: OwnEngine
) -> None:
    """A killed engine is an error, and its containers are removed after a restart."""
    process = samlocal(other_engine.address).start(
        "local", "invoke", "NeverAsks", "--no-credentials", "--no-event"
    )
    assert process.stderr
    for line in process.stderr:
        if line == b"sleeping\n":
            break
    other_engine.kill()

    _, stderr = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1
    assert (
        f"Error: the container engine at `{other_engine.address}` stopped answering"
        in stderr.decode()
    )
    assert b"Traceback" not in stderr
    other_engine.start()
    assert not that_stay(other_engine.containers)


def test_container_of_a_killed_command_is_pruned(
    samlocal: Callable[[str], Samlocal], other_engine: OwnEngine
) -> None:
    """A dry run of `prune` lists the container of a killed command, and `prune` removes it."""
    app = samlocal(other_engine.address)
    process = app.start("local", "invoke", "NeverAsks", "--no-credentials", "--no-event")
    assert process.stderr
    for line in process.stderr:
        if line == b"sleeping\n":
            break
    process.kill()
    process.communicate()
    (left,) = other_engine.containers()

    (would,) = json.loads(app("prune", "--dry-run", "--output", "json").stdout)["containers"]
    assert (would["id"], would["function"]) == (left, "NeverAsks")
    assert other_engine.containers() == [left]

    assert f"removed container {left[:12]} of NeverAsks, " in app("prune").stdout.decode()
    assert not that_stay(other_engine.containers)


def test_engine_that_does_not_answer_is_named(samlocal: Callable[[str], Samlocal]) -> None:
    """The error without an engine has the address, and the hint how to start one."""
    ended = samlocal("unix:///nowhere/docker.sock").invoke("Echo", "--no-event")

    assert (ended.exit_code, ended.stdout) == (1, b"")
    assert (
        "Error: no container engine answers at `unix:///nowhere/docker.sock`"
        " (No such file or directory)\nhint: start Docker" in ended.stderr
    )


def test_doctor_without_an_engine(samlocal: Callable[[str], Samlocal]) -> None:
    """`doctor` without an engine reports all checks before that."""
    ended = samlocal("tcp://127.0.0.1:1")("doctor")

    lines = ended.stdout.decode().splitlines()
    assert ended.exit_code == 1
    assert [line.split()[0] for line in lines] == ["ok", "ok", "failure", "hint:"]
    assert "no container engine answers at `tcp://127.0.0.1:1` (Connection refused)" in lines[2]


def test_missing_image_is_pulled(
    with_images_of: Callable[[str], Samlocal],
    engine: docker.APIClient,
    built_image: Callable[[str], str],
    registry: Registry,
    *,
    on_podman: bool,
) -> None:
    """A missing image is pulled from the repository, with a line on stderr for each step."""
    image = registry.push(built_image("python:3.11"), "lambda/python:3.11")
    try:
        ended = with_images_of(f"{registry.address}/lambda").invoke("Echo", "--no-event")
    finally:
        engine.remove_image(image, force=True)

    assert (ended.exit_code, ended.stdout) == (0, b"{}")
    assert f"Pulling {image}\n" in ended.stderr
    assert ": Pull complete\n" in ended.stderr
    last = f"Pulled {image}" if on_podman else f"Status: Downloaded newer image for {image}"
    assert f"{last}\n" in ended.stderr


def test_image_that_the_registry_lacks_is_named(
    with_images_of: Callable[[str], Samlocal], registry: Registry
) -> None:
    """An image that the registry lacks is an error with its name."""
    ended = with_images_of(f"{registry.address}/nothing").invoke("Echo", "--no-event")

    assert (ended.exit_code, ended.stdout) == (1, b"")
    assert f"Error: no image `{registry.address}/nothing/python:3.11`: " in ended.stderr
    assert "hint: check the name;" in ended.stderr


def test_registry_that_does_not_answer_is_named(with_images_of: Callable[[str], Samlocal]) -> None:
    """A registry that cannot be reached, as behind a firewall, is an error."""
    ended = with_images_of("127.0.0.1:1/lambda").invoke("Echo", "--no-event")

    assert (ended.exit_code, ended.stdout) == (1, b"")
    assert "Error: `127.0.0.1:1/lambda/python:3.11` cannot be pulled: " in ended.stderr
    assert "connection refused" in ended.stderr
    assert "hint: behind a firewall, `--image-repository PREFIX`" in ended.stderr


@pytest.mark.parametrize("option", ["--skip-pull-image", "--pull never"])
def test_skipped_pull_of_a_missing_image_is_named(
    with_images_of: Callable[[str], Samlocal], option: str
) -> None:
    """With either option, a missing image is an error whose hint names the option."""
    ended = with_images_of("127.0.0.1:1/lambda").invoke("Echo", *option.split())

    assert ended.exit_code == 1
    assert "Error: no image `127.0.0.1:1/lambda/python:3.11` on this machine\n" in ended.stderr
    assert f"hint: run without `{option}`" in ended.stderr


def test_missing_stand_in_is_not_looked_for_in_a_registry(
    with_images_of: Callable[[str], Samlocal],
) -> None:
    """A missing stand-in under `localhost/` is not pulled; the hint has the command that builds it."""
    ended = with_images_of("localhost/nothing").invoke("Echo", "--no-event")

    assert ended.exit_code == 1
    assert "Error: no image `localhost/nothing/python:3.11` on this machine" in ended.stderr
    assert "hint: build it: `make images`" in ended.stderr
