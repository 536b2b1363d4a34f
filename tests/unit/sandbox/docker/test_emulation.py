from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import pytest

from samlocal.sandbox.container_spec import ContainerSpec, ImageRequest
from samlocal.sandbox.docker.emulation import platform_of, with_emulation
from tests.unit.sandbox.specs import SANDBOX

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine
    from samlocal.runtimes import Architecture


@dataclass
class FakeEngine:
    """An engine that reports its architecture, if it may be called."""

    own: str | None
    socket_path: str | None = "/var/run/docker.sock"

    def architecture(self) -> str:
        assert self.own, "this takes a call too many"
        return self.own


def emulated_by(engine: FakeEngine, architecture: Architecture) -> ImageRequest:
    spec = ContainerSpec(
        sandbox=replace(SANDBOX, architecture=architecture),
        image=ImageRequest(name="python:3.11", for_architecture=f"python:3.11-{architecture}"),
    )
    return with_emulation(cast("Engine", engine), spec).image


@pytest.mark.parametrize(
    ("machine", "architecture"), [("x86_64", "x86_64"), ("aarch64", "arm64"), ("arm64", "arm64")]
)
def test_local_engine_is_not_called(
    monkeypatch: pytest.MonkeyPatch, machine: str, architecture: Architecture
) -> None:
    """For a function of a local engine's architecture, the engine is not called and the image is unchanged."""
    monkeypatch.setattr("platform.machine", lambda: machine)
    request = emulated_by(FakeEngine(None), architecture)
    assert (request.name, platform_of(request)) == ("python:3.11", None)


@pytest.mark.parametrize(
    ("engine", "architecture", "image", "platform"),
    [
        pytest.param(FakeEngine("amd64"), "arm64", "python:3.11-arm64", "linux/arm64", id="other"),
        pytest.param(FakeEngine("arm64"), "arm64", "python:3.11", None, id="engine's own"),
        pytest.param(
            FakeEngine("arm64", None), "x86_64", "python:3.11-x86_64", "linux/amd64", id="remote"
        ),
        pytest.param(FakeEngine("amd64", None), "x86_64", "python:3.11", None, id="remote own"),
    ],
)
def test_architecture_of_the_engine_counts(
    monkeypatch: pytest.MonkeyPatch,
    engine: FakeEngine,
    architecture: Architecture,
    image: str,
    platform: str | None,
) -> None:
    """A function for another architecture than the engine's is emulated, in the image for it."""
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    request = emulated_by(engine, architecture)
    assert (request.name, platform_of(request)) == (image, platform)
