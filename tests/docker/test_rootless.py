"""Functions on a rootless engine, whose containers need a relay."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from samlocal.engine.engine import Engine
from tests.docker import podman_engine
from tests.docker.command import BEHAVIOURS, PATIENCE_SECONDS, Samlocal
from tests.docker.fixtures import STAND_INS
from tests.docker.leftovers import that_stay
from tests.docker.listening_sandbox import MIB, Way, echoed, listening
from tests.missing import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.docker.podman_engine import Podman

# The first test waits for an engine, and for its images.
pytestmark = [pytest.mark.xdist_group("rootless"), pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def rootless(built_image: Callable[[str], str]) -> Iterator[Podman]:
    """A Podman of a user other than root, with the images for the tests."""
    if not podman_engine.can_run():
        missing("Podman needs root, and Debian's packages podman, netavark and uidmap")
    if reason := podman_engine.refuses_rootless():
        missing(f"this machine lets nobody but root make user namespaces: {reason}")
    with podman_engine.serve(rootless=True) as running:
        for name in ("python:3.11", "provided:al2023"):
            running.load(built_image(name))
        yield running


@pytest.fixture
def samlocal(rootless: Podman, tmp_path: Path) -> Iterator[Samlocal]:
    """The command with that engine, which may read the project; no container may be left afterwards."""
    project = rootless.folder / f"project-{tmp_path.name}"
    shutil.copytree(BEHAVIOURS, project)
    subprocess.run(["chmod", "-R", "a+rX", project], check=True)
    environment = {
        "SAMLOCAL_IMAGE_REPOSITORY": STAND_INS,
        "HOME": str(tmp_path),
        "DOCKER_HOST": rootless.address,
    }
    yield Samlocal(directory=project, environment=environment)
    assert not that_stay(rootless.containers)


def test_relay_is_used_at_once(samlocal: Samlocal) -> None:
    """That the engine is rootless is known before anything starts."""
    ended = samlocal.invoke("Echo", "--event", "-", "--debug", stdin=b'{"message": "hey"}')

    assert (ended.exit_code, ended.stdout) == (0, b'{"message": "hey"}'), ended.stderr
    assert "using a relay: the engine is rootless" in ended.stderr


def test_6_mb_go_there_and_come_back(samlocal: Samlocal) -> None:
    """The largest event and result that Lambda takes pass through the relay."""
    event = json.dumps("x" * (6 * 1024 * 1024 - 2)).encode()

    ended = samlocal.invoke("Echo", "--event", "-", stdin=event)

    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout == event


def test_program_in_the_sandbox_is_reached(rootless: Podman) -> None:
    """A connection to a program in the sandbox goes through the relay."""
    data = os.urandom(5 * MIB)
    with (
        Engine(rootless.address) as engine,
        listening(engine, f"{STAND_INS}/python:3.11", Way("auto")) as running,
        running.sandbox.connect(running.ports["sandbox"]) as connected,
    ):
        assert echoed(connected, data) == data
    assert not that_stay(rootless.containers)


@pytest.mark.parametrize(
    ("function", "exit_code", "error_type"),
    [
        ("SleepsTooLong", 4, "Sandbox.Timedout"),
        ("Raises", 3, "ValueError"),
        ("Exits", 5, "Runtime.ExitError"),
        ("DiesInInit", 5, "Runtime.ExitError"),
        ("NeverAsks", 4, "Sandbox.Timedout"),
    ],
)
def test_endings_are_those_of_other_engines(
    samlocal: Samlocal, function: str, exit_code: int, error_type: str
) -> None:
    """Timeouts, errors and deaths are told as everywhere."""
    ended = samlocal.invoke(function, "--no-event")

    assert ended.exit_code == exit_code, ended.stderr
    assert json.loads(ended.stdout)["errorType"] == error_type


def test_interrupt_leaves_nothing(samlocal: Samlocal) -> None:
    """Ctrl-C ends function and relay."""
    process = samlocal.start_sleeping()

    process.send_signal(signal.SIGINT)

    assert process.communicate(timeout=PATIENCE_SECONDS)[0] == b""
    assert process.returncode == 130


def test_host_gateway_is_this_machine(samlocal: Samlocal) -> None:
    """Podman 4.3 does not know the word, and the gateway of a rootless engine is not on this machine."""
    with socket.create_server(("", 0)) as server:
        event = json.dumps(["me", server.getsockname()[1]])
        ended = samlocal.invoke("Reaches", "--data", event, "--add-host", "me:host-gateway")

    assert ended.stdout == b"true", ended.stderr


def test_doctor_says_rootless(samlocal: Samlocal) -> None:
    """`doctor` names Podman, that it is rootless, and the API connection that follows from it."""
    ended = samlocal("doctor")

    lines = {line.split()[1]: line for line in ended.stdout.decode().splitlines()}
    assert ended.exit_code == 0
    assert "Podman Engine" in lines["engine"]
    assert ", rootless)" in lines["engine"]
    assert "containers reach samlocal through a relay: the engine is rootless" in lines["Runtime"]
