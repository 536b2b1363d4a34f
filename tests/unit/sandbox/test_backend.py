"""Which backend `--sandbox` and `--engine` choose."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from samlocal.engine import discovery
from samlocal.sandbox.backend import Backend, address_of, choose_backend

if TYPE_CHECKING:
    from pathlib import Path

_PROCESS = Backend(kind="process")


@pytest.fixture(autouse=True)
def variables(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Variables of a user whose engines have their sockets in a folder of the test, which is empty."""
    monkeypatch.setattr(discovery, "DEFAULT_URL", f"unix://{short_path}/default.sock")
    monkeypatch.setattr(discovery, "_SOCKETS", {"podman": ("{run}/podman.sock",)})
    return {"HOME": str(short_path), "XDG_RUNTIME_DIR": str(short_path)}


def test_kinds_that_are_chosen(variables: dict[str, str]) -> None:
    """A kind that is chosen is used, whether an engine answers or not."""
    assert choose_backend("docker", None, variables) == Backend()
    assert choose_backend("docker", "podman", variables) == Backend(engine="podman")
    assert choose_backend("process", "podman", variables) == _PROCESS


def test_without_engine(variables: dict[str, str]) -> None:
    """Without an engine, sandboxes are processes, and connect to nothing."""
    assert choose_backend("auto", None, variables) == _PROCESS
    assert _PROCESS.connect() is None
    assert address_of(None) == "this machine"


@pytest.mark.parametrize("name", ["default.sock", "podman.sock"])
def test_with_engine(name: str, short_path: Path, variables: dict[str, str]) -> None:
    """An engine is used if something listens on a socket of an engine; a file is not enough."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(short_path / name))
        assert choose_backend("auto", None, variables) == _PROCESS
        listener.listen()
        assert choose_backend("auto", None, variables) == Backend()


@pytest.mark.parametrize(
    "named",
    [
        {"DOCKER_HOST": "unix:///nowhere"},
        {"DOCKER_CONTEXT": "default"},
        {"DOCKER_CONTEXT": "nowhere"},
    ],
)
def test_named_engines(named: dict[str, str], variables: dict[str, str]) -> None:
    """An engine that is named is used, so that the reason is told if it does not answer."""
    assert choose_backend("auto", None, variables | named) == Backend()
    assert choose_backend("auto", "desktop", variables) == Backend(engine="desktop")


def test_current_context(short_path: Path, variables: dict[str, str]) -> None:
    """The engine of the current Docker context is named, too, even if the context is gone."""
    settings = short_path / ".docker"
    settings.mkdir()
    (settings / "config.json").write_text('{"currentContext": "gone"}')
    assert choose_backend("auto", None, variables) == Backend()
