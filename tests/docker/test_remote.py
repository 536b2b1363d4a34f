"""Functions on a remote engine, whose containers need a relay."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from samlocal.engine.engine import Engine
from tests.docker import own_engine, remote_engine
from tests.docker.command import API_CONNECTION, BEHAVIOURS, CHECKOUT, PATIENCE_SECONDS, Samlocal
from tests.docker.fixtures import STAND_INS
from tests.docker.leftovers import that_stay
from tests.docker.listening_sandbox import MIB, Way, echoed, listening
from tests.missing import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.docker.remote_engine import Remote

# The first test waits for an engine, and for its images.
pytestmark = [pytest.mark.xdist_group("remote"), pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def remote(
    built_image: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Remote]:
    """An engine in a separate network, with the images for the tests."""
    if not own_engine.can_run():
        missing("an engine of the tests' own needs root, dockerd, ip and iptables")
    with remote_engine.serve(tmp_path_factory.mktemp("remote")) as running:
        for name in ("python:3.11", "nodejs:22", "provided:al2023"):
            running.engine.load(built_image(name))
        yield running


@pytest.fixture
def samlocal(remote: Remote, tmp_path: Path) -> Iterator[Samlocal]:
    """The command with that engine; no container of it may be left afterwards."""
    project = shutil.copytree(BEHAVIOURS, tmp_path / "project")
    home = {"SAMLOCAL_IMAGE_REPOSITORY": STAND_INS, "HOME": str(tmp_path)}
    yield Samlocal(directory=project, environment=home | remote.variables)
    assert not that_stay(remote.engine.containers)


def test_result_comes_back(samlocal: Samlocal) -> None:
    """An event goes there and its result comes back, over TCP with TLS."""
    ended = samlocal.invoke("Echo", "--event", "-", stdin=b'{"message": "hey"}')

    assert (ended.exit_code, ended.stdout) == (0, b'{"message": "hey"}'), ended.stderr


def test_6_mb_go_there_and_come_back(samlocal: Samlocal) -> None:
    """The largest event that Lambda takes, and as large a result, pass through the relay."""
    event = json.dumps("x" * (6 * 1024 * 1024 - 2)).encode()

    ended = samlocal.invoke("Echo", "--event", "-", stdin=event)

    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout == event


def test_logs_come_while_the_function_runs(samlocal: Samlocal) -> None:
    """Output of a function on a remote engine is shown at once; Ctrl-C ends it, and nothing remains."""
    process = samlocal.start_sleeping()
    assert process.poll() is None

    process.send_signal(signal.SIGINT)

    assert process.communicate(timeout=PATIENCE_SECONDS)[0] == b""
    assert process.returncode == 130


def test_50_mb_of_logs_arrive_whole(samlocal: Samlocal, tmp_path: Path) -> None:
    """A large output from a remote engine is complete."""
    log = tmp_path / "function.log"

    ended = samlocal.invoke("Prints50MB", "--no-event", "-l", str(log))

    assert ended.exit_code == 0
    assert log.read_text().count("x" * 1023 + "\n") == 50 * 1024


@pytest.mark.parametrize(
    ("function", "exit_code", "error_type"),
    [
        ("SleepsTooLong", 4, "Sandbox.Timedout"),
        ("Raises", 3, "ValueError"),
        ("Exits", 5, "Runtime.ExitError"),
        ("Large", 3, "Function.ResponseSizeTooLarge"),
        ("OutOfMemory", 5, "Runtime.OutOfMemory"),
        ("DiesInInit", 5, "Runtime.ExitError"),
        ("NeverAsks", 4, "Sandbox.Timedout"),
    ],
)
def test_outcomes_are_those_of_a_local_engine(
    samlocal: Samlocal, function: str, exit_code: int, error_type: str
) -> None:
    """Timeouts, errors and exits are reported as on a local engine."""
    ended = samlocal.invoke(function, "--no-event")

    assert ended.exit_code == exit_code, ended.stderr
    assert json.loads(ended.stdout)["errorType"] == error_type


def test_relay_runs_in_node(samlocal: Samlocal) -> None:
    """An image with Node.js and no Python runs the relay as well."""
    app = replace(samlocal, directory=CHECKOUT / "templates" / "hello-nodejs")
    ended = app("local", "invoke", "--no-credentials", "-e", "event.json", "--debug")

    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.startswith(b'{"message":"Hello, Node.js!"')
    assert f" of {STAND_INS}/nodejs:22" in ended.stderr


def test_relay_of_a_custom_runtime_runs_in_another_image(samlocal: Samlocal) -> None:
    """For an image with neither, the relay runs in an existing image of Python."""
    app = replace(samlocal, directory=CHECKOUT / "templates" / "hello-provided")
    ended = app("local", "invoke", "--no-credentials", "-e", "event.json")

    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.startswith(b'{"greeting": "Hello"')


@pytest.mark.parametrize("image", ["python:3.11", "nodejs:22"])
def test_program_in_the_sandbox_is_reached(
    remote: Remote, monkeypatch: pytest.MonkeyPatch, image: str
) -> None:
    """A connection to a program in a sandbox of a remote engine goes through the relay."""
    for name, value in remote.variables.items():
        monkeypatch.setenv(name, value)
    data = os.urandom(20 * MIB)
    with (
        Engine() as engine,
        listening(engine, f"{STAND_INS}/{image}", Way("auto", image)) as running,
        running.sandbox.connect(running.ports["sandbox"]) as connected,
    ):
        assert echoed(connected, data) == data
    assert not that_stay(remote.engine.containers)


def test_doctor_reports_the_relay(samlocal: Samlocal) -> None:
    """`doctor` starts a relay, and says why one is needed."""
    ended = samlocal("doctor")

    assert ended.exit_code == 0
    diagnostic = "containers reach samlocal through a relay: the engine is on another machine"
    assert f"ok       Runtime API    {diagnostic}\n" in ended.stdout.decode()


def test_engine_behind_a_socket_may_be_elsewhere(samlocal: Samlocal, remote: Remote) -> None:
    """An engine behind a local socket may be in another network, and then needs a relay."""
    ended = samlocal.invoke("Echo", "--no-event", "--engine", remote.engine.address, "--debug")

    assert (ended.exit_code, ended.stdout) == (0, b"{}"), ended.stderr
    assert "using a relay: the engine is in a separate network" in ended.stderr


def test_direct_connection_is_refused(samlocal: Samlocal) -> None:
    """`--api-connection direct` on a remote engine is an error."""
    ended = samlocal.invoke("Echo", "--no-event", API_CONNECTION, "direct")

    assert (ended.exit_code, ended.stdout) == (1, b"")
    assert "Error: the container cannot reach the Runtime API on this machine\n" in ended.stderr


@pytest.mark.parametrize("seconds", [0, 0.3, 0.6, 0.9, 1.5])
def test_signal_at_any_moment_leaves_nothing(samlocal: Samlocal, seconds: float) -> None:
    """An interrupted command ends quietly at any stage, and nothing remains."""
    process = samlocal.start("local", "invoke", "Sleeps", "--no-credentials", "--no-event")
    time.sleep(seconds)
    process.send_signal(signal.SIGTERM)

    stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)

    assert (process.returncode, stdout) == (143, b"")
    assert b"Traceback" not in stderr


def test_relay_ends_with_a_killed_command(samlocal: Samlocal, remote: Remote) -> None:
    """After SIGKILL the relay's input ends, and with it the relay and the runtime."""
    process = samlocal.start_sleeping()
    # What carried the code there is removed while the function runs already.
    assert _soon(lambda: len(remote.engine.containers()) == 2)
    process.kill()
    process.communicate()
    assert _soon(lambda: len(remote.engine.containers()) < 2)

    samlocal.invoke("Logs", "--no-event")


def _soon(condition: Callable[[], bool]) -> bool:
    """Return whether a condition becomes true within 20 seconds."""
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def test_killed_engine_is_reported(samlocal: Samlocal, remote: Remote) -> None:
    """A killed engine is an error, and after its restart nothing remains."""
    process = samlocal.start_sleeping()
    remote.engine.kill()

    _, stderr = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1
    assert f"Error: the container engine at `{remote.address}` stopped answering" in stderr.decode()
    assert b"Traceback" not in stderr
    remote.engine.start()

    assert samlocal.invoke("Logs", "--no-event").exit_code == 0
