"""`samlocal local invoke` as a whole, with an engine that needs no containers."""

from __future__ import annotations

import signal
from threading import Event
from typing import TYPE_CHECKING

import pytest

from tests.docker.command import API_CONNECTION, BEHAVIOURS, DIRECT, Samlocal
from tests.functional.engine.fake_engine import FakeEngine, fake_engine
from tests.functional.execution.fakes import answer_nothing, echo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.execution.fakes import Program, Runtime


def fail(runtime: Runtime) -> int:
    runtime.fail(runtime.next(), b'{"errorMessage": "no stars", "errorType": "ValueError"}')
    runtime.next()
    return 0


def exit_at_once(runtime: Runtime) -> int:
    runtime.next()
    return 7


def samlocal(tmp_path: Path, engine: FakeEngine) -> Samlocal:
    environment = {
        "DOCKER_HOST": engine.address,
        "HOME": str(tmp_path),
        "SAMLOCAL_IMAGE_REPOSITORY": "localhost/samlocal",
    }
    return Samlocal(directory=BEHAVIOURS, environment=environment | DIRECT)


@pytest.mark.parametrize(
    ("program", "function", "exit_code"),
    [
        pytest.param(echo, "Echo", 0, id="result"),
        pytest.param(fail, "Raises", 3, id="error"),
        pytest.param(answer_nothing, "SleepsTooLong", 4, id="timeout"),
        pytest.param(exit_at_once, "Exits", 5, id="exit"),
    ],
)
def test_exit_code(tmp_path: Path, program: Program, function: str, exit_code: int) -> None:
    """The exit code tells the outcome of the function, or is 0 with --exit-zero-on-function-error."""
    with fake_engine(tmp_path / "engine.sock", program) as engine:
        command = samlocal(tmp_path, engine)
        ended = command.invoke(function, "--no-event")
        forgiven = command.invoke(function, "--no-event", "--exit-zero-on-function-error")

    assert (ended.exit_code, forgiven.exit_code) == (exit_code, 0), ended.stderr
    assert ended.stdout[:1] == b"{"


def test_exit_code_where_samlocal_fails(tmp_path: Path) -> None:
    """--exit-zero-on-function-error does not apply to errors of samlocal."""
    with fake_engine(tmp_path / "engine.sock", echo) as engine:
        ended = samlocal(tmp_path, engine).invoke("Unknown", "--exit-zero-on-function-error")

    assert ended.exit_code == 1


def test_exit_code_of_an_interrupted_command(tmp_path: Path) -> None:
    """The exit code is that of the signal, even with --exit-zero-on-function-error."""
    invoked = Event()

    def program(runtime: Runtime) -> int:
        runtime.next()
        invoked.set()
        runtime.hang()
        return 0

    arguments = ("local", "invoke", "Sleeps", "--no-event", "--exit-zero-on-function-error")
    with fake_engine(tmp_path / "engine.sock", program) as engine:
        process = samlocal(tmp_path, engine).start(*arguments, "--no-credentials")
        assert invoked.wait(60)
        process.send_signal(signal.SIGTERM)
        process.communicate()

    assert process.returncode == 143


def test_relay_is_removed(tmp_path: Path) -> None:
    """The relay is removed with the command, after the function's container, which shares its network."""
    relayed = (API_CONNECTION, "relay", "--docker-network", "host")
    with fake_engine(tmp_path / "engine.sock", echo) as engine:
        ended = samlocal(tmp_path, engine).invoke("Echo", "--no-event", *relayed)
        there, ends = dict(engine.containers), list(engine.ends)

    assert (ended.exit_code, ended.stdout) == (0, b"{}"), ended.stderr
    assert (there, ends) == ({}, ["kill function", "remove relay"])
