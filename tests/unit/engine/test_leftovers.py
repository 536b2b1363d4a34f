from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from samlocal.engine.engine_api import ApiError
from samlocal.engine.leftovers import (
    Leftover,
    _is_alive,
    labels,
    left_behind,
    mounted_paths,
    remove_container,
    sweep,
)
from tests.unit.engine.fakes import fake_engine

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine


@dataclass
class FakeApi:
    """Has these containers, by whichever labels it is asked."""

    there: list[dict[str, Any]]
    stubborn: frozenset[str] = frozenset()
    removed: list[str] = field(default_factory=list)
    asked: list[list[str]] = field(default_factory=list)

    def containers(self, asked: list[str], *, with_sizes: bool = False) -> list[dict[str, Any]]:
        self.asked.append(asked)
        return [each if with_sizes else {**each, "SizeRw": None} for each in self.there]

    def remove_container(self, container_id: str, *, force: bool) -> None:
        assert force
        if container_id in self.stubborn:
            raise ApiError(500, "device or resource busy")
        self.removed.append(container_id)


def engine(
    *there: dict[str, Any], stubborn: frozenset[str] = frozenset()
) -> tuple[Engine, FakeApi]:
    api = FakeApi(list(there), stubborn)
    return fake_engine(api=api), api


def container(name: str, pid: str, **besides: object) -> dict[str, Any]:
    marks = labels(project="/shop/template.yaml", function="Ratings") | {"samlocal.pid": pid}
    return {"Id": name, "Labels": marks, "Mounts": [], "SizeRw": 5, **besides}


@pytest.fixture
def ended() -> str:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return str(process.pid)


def test_labels_say_whose_a_container_is() -> None:
    """A later command finds what this one left behind by them."""
    namespace = Path("/proc/self/ns/pid").stat().st_ino
    assert labels(project="/shop/template.yaml", function="Ratings") == {
        "samlocal.pid": str(os.getpid()),
        "samlocal.host": f"{socket.gethostname()} pid:[{namespace}]",
        "samlocal.project": "/shop/template.yaml",
        "samlocal.function": "Ratings",
    }


def test_label_of_a_relay() -> None:
    """It is known as such, since it has to go after the container in its network."""
    ordinary = labels(project="/shop/template.yaml", function="Ratings")
    relay = labels(project="/shop/template.yaml", function="Ratings", is_relay=True)
    assert relay == ordinary | {"samlocal.relay": "true"}


def test_containers_of_running_commands_are_not_left_behind(ended: str) -> None:
    """Only what has outlived its command is, or what nobody can tell whose it is."""
    unknown = container("c", "")
    del unknown["Labels"]["samlocal.pid"]
    there, _ = engine(container("a", str(os.getpid())), container("b", ended), unknown)
    assert [each.id for each in left_behind(there)] == ["b", "c"]


def test_relays_are_left_behind_last(ended: str) -> None:
    """Podman removes none while another container is in its network."""
    relay = container("relay", ended)
    relay["Labels"]["samlocal.relay"] = "true"
    there, _ = engine(relay, container("function", ended))
    assert [each.id for each in left_behind(there)] == ["function", "relay"]


def test_what_is_known_of_a_leftover(ended: str) -> None:
    """For what it was made, and its size where that is asked for."""
    there, _ = engine(container("a", ended))
    (without,), (with_size,) = left_behind(there), left_behind(there, with_sizes=True)
    assert without == Leftover(id="a", function="Ratings", project="/shop/template.yaml")
    assert with_size == replace(without, size_bytes=5)


def test_only_containers_of_this_machine_are_left_behind(ended: str) -> None:
    """A process id of another machine means nothing here; paths are the engine's own."""
    there, api = engine(container("a", ended))
    left_behind(there)
    mounted_paths(there)
    host = labels(project="", function="")["samlocal.host"]
    assert host.startswith(socket.gethostname())
    assert api.asked == [["samlocal.project", f"samlocal.host={host}"], ["samlocal.project"]]


def test_sweep_tells_what_it_has_removed(ended: str) -> None:
    """What the engine does not let go stays for the next time."""
    there, api = engine(
        container("a", ended),
        container("b", ended),
        container("c", str(os.getpid())),
        stubborn=frozenset("b"),
    )
    assert (sweep(there), api.removed) == (["a"], ["a"])
    assert (remove_container(there, "a"), remove_container(there, "b")) == (True, False)


def test_paths_that_containers_see() -> None:
    """A volume has none on this machine."""
    mounts = [{"Source": "/cache/code"}, {"Source": ""}, {"Type": "tmpfs"}]
    there, _ = engine(container("a", str(os.getpid()), Mounts=mounts))
    assert mounted_paths(there) == {"/cache/code"}


def test_a_running_process_is_alive() -> None:
    """Containers of commands that run are theirs."""
    assert _is_alive(str(os.getpid()))


def test_a_process_of_another_user_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel lets nobody but root signal it, and says so: it is there."""
    numbers = []

    def kill(pid: int, number: int) -> None:
        numbers.append(number)
        raise PermissionError(pid, number)

    monkeypatch.setattr(os, "kill", kill)
    assert _is_alive("1")
    assert numbers == [0]  # which is no signal


def test_an_ended_process_is_not_alive(ended: str) -> None:
    """What an ended command left behind can be swept up."""
    assert not _is_alive(ended)


@pytest.mark.parametrize("pid", ["", "samlocal", "1.5", "9" * 30])
def test_what_is_no_process_is_not_alive(pid: str) -> None:
    """A label that was tampered with doesn't stop the sweep."""
    assert not _is_alive(pid)
