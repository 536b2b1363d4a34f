from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Self, cast

import pytest

from samlocal.errors import HostNotReachableError
from samlocal.sandbox.docker import sandbox as docker_sandbox
from samlocal.sandbox.docker.network.api_listener import forget_relay
from samlocal.sandbox.factory import SandboxFactory
from tests.unit.engine.fakes import fake_engine
from tests.unit.sandbox.specs import CONTAINER

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.engine.images.policy import ImageProgress
    from samlocal.sandbox.container_spec import ApiConnection, ContainerSpec
    from samlocal.sandbox.sandbox import Sandbox

ENGINE = fake_engine()


class FakeSandbox:
    """A container that reaches this machine only through a relay."""

    def __init__(self, spec: ContainerSpec, *_arguments: object, **_options: object) -> None:
        self.api_connection = spec.api_connection
        self.is_removed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.is_removed = True

    def give_head_start(self, seconds: float) -> None:
        assert seconds


@pytest.fixture(autouse=True)
def _fake_containers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(docker_sandbox, "DockerSandbox", FakeSandbox)


def run(api_connection: ApiConnection, events: list[str]) -> list[FakeSandbox]:
    """Records the connections of the used sandboxes and the notes in `events`."""
    used: list[FakeSandbox] = []

    def use(sandbox: Sandbox) -> list[FakeSandbox]:
        fake = cast("FakeSandbox", sandbox)
        assert all(each.is_removed for each in used)
        used.append(fake)
        events.append(fake.api_connection)
        if fake.api_connection != "relay":
            raise HostNotReachableError("a firewall")
        return used

    factory = SandboxFactory(
        engine=ENGINE,
        progress=cast("ImageProgress", SimpleNamespace(note=events.append)),
    )
    return factory.run(replace(CONTAINER, api_connection=api_connection), use)


def test_sandbox_that_cannot_reach_this_machine_gets_a_relay() -> None:
    """The sandbox is replaced with one with a relay, with a notice, and the relay is remembered."""
    events: list[str] = []
    used = run("auto", events)

    assert events == [
        "auto",
        "The container cannot reach this machine; using a relay (also for later runs on this engine)",
        "relay",
    ]
    assert all(each.is_removed for each in used)
    assert forget_relay(ENGINE)


def test_relay_is_noted_once() -> None:
    """Of several sandboxes that cannot reach this machine, each gets a relay, with one notice for all."""
    notes: list[str] = []
    progress = cast("ImageProgress", SimpleNamespace(note=notes.append))
    factory = SandboxFactory(engine=ENGINE, progress=progress)
    relayed = [factory.with_relay(CONTAINER) for _ in range(3)]

    assert [each and each.api_connection for each in relayed] == ["relay"] * 3
    assert len(notes) == 1
    assert forget_relay(ENGINE)


def test_connection_that_was_chosen_is_the_only_one() -> None:
    """A chosen direct connection that fails is an error, and nothing is remembered."""
    events: list[str] = []
    with pytest.raises(HostNotReachableError):
        run("direct", events)

    assert events == ["direct"]
    assert not forget_relay(ENGINE)


def test_relay_that_was_chosen_is_used_at_once() -> None:
    """A chosen relay is used at once, without a notice."""
    events: list[str] = []
    (used,) = run("relay", events)

    assert (events, used.is_removed) == (["relay"], True)
