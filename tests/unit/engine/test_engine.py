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
def test_invalid_settings(
    variables: dict[str, str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error for invalid settings names the address and the cause."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:2376")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(EngineNotReachableError, match=reason) as caught:
        Engine()

    address = variables.get("DOCKER_HOST", "tcp://127.0.0.1:2376")
    assert caught.value.message.startswith(f"no container engine answers at `{address}` (")
    assert "set DOCKER_HOST" in (caught.value.hint or "")


def test_an_engine_without_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without permission for the socket, the hint names its group instead of how to start Docker."""

    def refuse(_address: object) -> None:
        raise PermissionError(EACCES, os.strerror(EACCES))

    monkeypatch.setattr("samlocal.engine.engine.EngineApi", refuse)
    with pytest.raises(EngineNotReachableError, match="Permission denied") as caught:
        Engine()
    assert "`sudo usermod -aG docker $USER`" in (caught.value.hint or "")


def test_errors_in_a_cycle_of_contexts() -> None:
    """The root cause of errors in a cycle of contexts is found."""
    first, second = requests.ConnectionError("first"), requests.ConnectionError("second")
    first.__cause__, second.__cause__ = second, first

    with pytest.raises(EngineError, match="stopped answering"), fake_engine().translated_errors():
        raise first


def test_error_names_the_address_of_the_engine() -> None:
    """The error names the engine's own address, also with several engines."""
    first, second = fake_engine(address="tcp://first:1"), fake_engine(address="tcp://second:2")

    for engine in (first, second, first):
        with (
            pytest.raises(EngineError, match=f"at `{engine.address}` stopped answering"),
            engine.translated_errors(),
        ):
            raise BrokenPipeError
