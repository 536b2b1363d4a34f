"""Whether a container can connect to this machine, as its own tools tell."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from samlocal.engine.engine_api import ApiError
from samlocal.errors import EngineError
from samlocal.sandbox.docker.network.reachability import reaches, reaches_from_new_container
from tests.unit.engine.fakes import fake_engine


@dataclass
class Api:
    """An engine's API, whose containers all end with the same status."""

    status: int
    refuses: str = ""
    calls: list[str] = field(default_factory=list)
    config: dict[str, object] = field(default_factory=dict)

    def create_container(self, config: dict[str, object]) -> str:
        self.config = config
        return self._called("create")

    def start(self, container_id: str) -> None:
        self._called(f"start {container_id}")

    def wait(self, container_id: str) -> int:
        self._called(f"wait for {container_id}")
        return self.status

    def remove_container(self, container_id: str, *, force: bool) -> None:
        assert force
        self._called(f"remove {container_id}")

    def _called(self, call: str) -> str:
        self.calls.append(call)
        if self.refuses and call.startswith(self.refuses):
            raise ApiError(500, "no")
        return "0a1b"


VERDICTS = pytest.mark.parametrize(
    ("status", "verdict"),
    [
        pytest.param(0, True, id="connected"),
        pytest.param(1, False, id="refused"),
        pytest.param(124, False, id="dropped"),
        pytest.param(3, None, id="no tools"),
        pytest.param(126, None, id="a shell that may not be run"),
        pytest.param(127, None, id="no shell"),
    ],
)


@VERDICTS
def test_running_container(status: int, *, verdict: bool | None) -> None:
    """A running container tests the connection with its shell; without tools the result is unknown."""
    commands: list[list[str]] = []

    def run_in(_container_id: str, command: list[str]) -> tuple[int, str]:
        commands.append(command)
        return status, ""

    assert reaches(fake_engine(run_in=run_in), "0a1b", "172.17.0.1:9001") is verdict
    ((*shell, script),) = commands
    assert shell == ["/bin/sh", "-c"]
    assert "/dev/tcp/172.17.0.1/9001" in script


def test_container_that_has_ended() -> None:
    """For a container that has ended, the result is unknown."""

    def run_in(_container_id: str, _command: list[str]) -> tuple[int, str]:
        raise EngineError("it has ended")

    assert reaches(fake_engine(run_in=run_in), "0a1b", "172.17.0.1:9001") is None


@VERDICTS
def test_new_container(status: int, *, verdict: bool | None) -> None:
    """The new container has the image and samlocal's labels, and is removed afterwards."""
    api = Api(status)
    asked = reaches_from_new_container(fake_engine(api=api), "python:3.11", "172.17.0.1:9001")
    assert asked is verdict
    assert api.calls == ["create", "start 0a1b", "wait for 0a1b", "remove 0a1b"]
    assert api.config["Image"] == "python:3.11"
    assert api.config["Entrypoint"] == ["/bin/sh"]
    assert "samlocal.pid" in str(api.config["Labels"])
    assert "/dev/tcp/172.17.0.1/9001" in str(api.config["Cmd"])


@pytest.mark.parametrize("refuses", ["create", "start", "wait"])
def test_new_container_that_the_engine_refuses(refuses: str) -> None:
    """If the engine refuses, the result is unknown and no container remains."""
    api = Api(0, refuses=refuses)
    assert reaches_from_new_container(fake_engine(api=api), "a:1", "172.17.0.1:9001") is None
    assert ("remove 0a1b" in api.calls) is (refuses != "create")
