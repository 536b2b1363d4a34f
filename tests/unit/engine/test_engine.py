from __future__ import annotations

import os
from errno import EACCES

import pytest
import requests

from samlocal.engine.engine import Engine
from samlocal.errors import EngineError, EngineNotReachableError
from tests.unit.engine.fakes import fake_engine


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        pytest.param({"DOCKER_HOST": "nowhere"}, "no scheme", id="no scheme"),
        pytest.param({"DOCKER_HOST": "tcp://127.0.0.1:99999"}, "Port out of range", id="port"),
        pytest.param({"DOCKER_HOST": "smtp://127.0.0.1:25"}, "smtp", id="another scheme"),
        pytest.param(
            {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/nowhere"},
            "/nowhere/ca.pem",
            id="certificates",
        ),
    ],
)
def test_settings_that_lead_nowhere(
    variables: dict[str, str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is wrong with the engine's settings, the message says it, and where it looked."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:2376")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(EngineNotReachableError, match=reason) as caught:
        Engine()

    address = variables.get("DOCKER_HOST", "tcp://127.0.0.1:2376")
    assert caught.value.message.startswith(f"no container engine answers at `{address}` (")
    assert "set DOCKER_HOST" in (caught.value.hint or "")


def test_an_engine_that_the_user_may_not_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Linux a new user isn't in the group of the socket: starting Docker again helps nobody."""

    def refuse(_address: object) -> None:
        raise PermissionError(EACCES, os.strerror(EACCES))

    monkeypatch.setattr("samlocal.engine.engine.EngineApi", refuse)
    with pytest.raises(EngineNotReachableError, match="Permission denied") as caught:
        Engine()
    assert "`sudo usermod -aG docker $USER`" in (caught.value.hint or "")


def test_errors_that_name_each_other_as_their_context() -> None:
    """What the HTTP library wraps in a circle, as when an engine dies, is told once all the same."""
    first, second = requests.ConnectionError("first"), requests.ConnectionError("second")
    first.__cause__, second.__cause__ = second, first

    with pytest.raises(EngineError, match="went away"), fake_engine().translated_errors():
        raise first


def test_engine_that_went_away_is_named_by_its_own_address() -> None:
    """Also where a command talks to several engines."""
    first, second = fake_engine(address="tcp://first:1"), fake_engine(address="tcp://second:2")

    for engine in (first, second, first):
        with (
            pytest.raises(EngineError, match=f"at `{engine.address}` went away"),
            engine.translated_errors(),
        ):
            raise BrokenPipeError
