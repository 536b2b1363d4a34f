"""Functions on an engine that is reached as `ssh://USER@HOST`."""

from __future__ import annotations

import json
import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from samlocal.engine.engine import Engine
from tests.docker import own_engine, remote_engine, ssh_server
from tests.docker.command import BEHAVIOURS, PATIENCE_SECONDS, Samlocal
from tests.docker.fixtures import STAND_INS
from tests.docker.leftovers import that_stay
from tests.docker.listening_sandbox import MIB, Way, echoed, listening
from tests.missing import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.docker.own_engine import OwnEngine
    from tests.docker.ssh_server import SshServer

# The first test waits for an engine, and for its images.
pytestmark = [pytest.mark.xdist_group("ssh"), pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    if not ssh_server.can_run():
        missing("an ssh server of the tests' own needs root, and Debian's package openssh-server")
    with ssh_server.serve(tmp_path_factory.mktemp("ssh")) as running:
        yield running


@pytest.fixture(scope="module")
def there(
    built_image: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OwnEngine]:
    """The engine on the server's machine, in a network of its own."""
    if not own_engine.can_run():
        missing("an engine of the tests' own needs root, dockerd, ip and iptables")
    with remote_engine.serve(tmp_path_factory.mktemp("there")) as running:
        running.engine.load(built_image("python:3.11"))
        yield running.engine


@pytest.fixture
def samlocal(server: SshServer, there: OwnEngine, tmp_path: Path) -> Iterator[Samlocal]:
    """The command with that engine; no container of it may be left afterwards."""
    project = shutil.copytree(BEHAVIOURS, tmp_path / "project")
    environment = {
        "SAMLOCAL_IMAGE_REPOSITORY": STAND_INS,
        "HOME": str(tmp_path),
        "DOCKER_HOST": server.address + there.address.removeprefix("unix://"),
    }
    yield Samlocal(directory=project, environment=environment | server.variables)
    assert not that_stay(there.containers)


def test_result_comes_back(samlocal: Samlocal) -> None:
    """6 MB go there and come back, through ssh and through the relay."""
    event = json.dumps("x" * (6 * 1024 * 1024 - 2)).encode()

    ended = samlocal.invoke("Echo", "--event", "-", stdin=event)

    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout == event


def test_logs_come_at_once_and_a_signal_leaves_nothing(samlocal: Samlocal) -> None:
    """What the function writes is shown as it comes; the connections outlive Ctrl-C, to clean up."""
    process = samlocal.start_sleeping()

    process.send_signal(signal.SIGINT)

    stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, stdout) == (130, b"")
    assert b"Traceback" not in stderr


def test_program_in_the_sandbox_is_reached(
    samlocal: Samlocal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection to a program in the sandbox goes through ssh and through the relay."""
    for name, value in samlocal.environment.items():
        monkeypatch.setenv(name, value)
    data = os.urandom(5 * MIB)
    with (
        Engine() as engine,
        listening(engine, f"{STAND_INS}/python:3.11", Way("auto")) as running,
        running.sandbox.connect(running.ports["sandbox"]) as connected,
    ):
        assert echoed(connected, data) == data


def test_server_that_refuses_is_named(samlocal: Samlocal) -> None:
    """What ssh says of it is shown, and the address that was tried."""
    ended = samlocal.invoke("Echo", "--no-event", "--engine", "ssh://nobody@127.0.0.1:1")

    assert (ended.exit_code, ended.stdout) == (1, b"")
    assert "Connection refused" in ended.stderr
    assert "Error: no container engine answers at `ssh://nobody@127.0.0.1:1`" in ended.stderr
