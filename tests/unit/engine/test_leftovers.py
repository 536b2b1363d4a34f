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
    find_leftovers,
    labels,
    mounted_paths,
    remove_container,
    remove_leftovers,
)
from tests.unit.engine.fakes import fake_engine

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine


@dataclass
class FakeApi:
    """Has these containers, whatever labels are requested."""

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
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return str(process.pid)


def test_labels_identify_a_container() -> None:
    """The labels of a container let a later command find it."""
    namespace = Path("/proc/self/ns/pid").stat().st_ino
    assert labels(project="/shop/template.yaml", function="Ratings") == {
        "samlocal.pid": str(os.getpid()),
        "samlocal.host": f"{socket.gethostname()} pid:[{namespace}]",
        "samlocal.project": "/shop/template.yaml",
        "samlocal.function": "Ratings",
    }


def test_label_of_a_relay() -> None:
    """A relay has its own label, because it is removed after the container in its network."""
    ordinary = labels(project="/shop/template.yaml", function="Ratings")
    relay = labels(project="/shop/template.yaml", function="Ratings", is_relay=True)
    assert relay == ordinary | {"samlocal.relay": "true"}


def test_containers_of_running_commands_are_not_leftovers(ended: str) -> None:
    """Containers are leftovers if their command has ended or is unknown."""
    unknown = container("c", "")
    del unknown["Labels"]["samlocal.pid"]
    there, _ = engine(container("a", str(os.getpid())), container("b", ended), unknown)
    assert [each.id for each in find_leftovers(there)] == ["b", "c"]


def test_relays_come_last(ended: str) -> None:
    """Relays are last, because Podman cannot remove one while another container uses its network."""
    relay = container("relay", ended)
    relay["Labels"]["samlocal.relay"] = "true"
    there, _ = engine(relay, container("function", ended))
    assert [each.id for each in find_leftovers(there)] == ["function", "relay"]


def test_fields_of_a_leftover(ended: str) -> None:
    """A leftover has its project and function, and its size if requested."""
    there, _ = engine(container("a", ended))
    (without,), (with_size,) = find_leftovers(there), find_leftovers(there, with_sizes=True)
    assert without == Leftover(id="a", function="Ratings", project="/shop/template.yaml")
    assert with_size == replace(without, size_bytes=5)


def test_only_containers_of_this_machine_are_leftovers(ended: str) -> None:
    """Leftovers are those of this machine; mounted paths are those of all machines."""
    there, api = engine(container("a", ended))
    find_leftovers(there)
    mounted_paths(there)
    host = labels(project="", function="")["samlocal.host"]
    assert host.startswith(socket.gethostname())
    assert api.asked == [["samlocal.project", f"samlocal.host={host}"], ["samlocal.project"]]


def test_removed_leftovers_are_returned(ended: str) -> None:
    """Only the containers that were removed are returned."""
    there, api = engine(
        container("a", ended),
        container("b", ended),
        container("c", str(os.getpid())),
        stubborn=frozenset("b"),
    )
    assert (remove_leftovers(there), api.removed) == (["a"], ["a"])
    assert (remove_container(there, "a"), remove_container(there, "b")) == (True, False)


def test_mounted_paths() -> None:
    """Mounted paths are returned, without volumes."""
    mounts = [{"Source": "/cache/code"}, {"Source": ""}, {"Type": "tmpfs"}]
    there, _ = engine(container("a", str(os.getpid()), Mounts=mounts))
    assert mounted_paths(there) == {"/cache/code"}


def test_a_running_process_is_alive() -> None:
    """A running process is alive."""
    assert _is_alive(str(os.getpid()))


def test_a_process_of_another_user_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that may not be signalled is alive."""
    numbers = []

    def kill(pid: int, number: int) -> None:
        numbers.append(number)
        raise PermissionError(pid, number)

    monkeypatch.setattr(os, "kill", kill)
    assert _is_alive("1")
    assert numbers == [0]  # which is no signal


def test_an_ended_process_is_not_alive(ended: str) -> None:
    """A process that has ended is not alive."""
    assert not _is_alive(ended)


@pytest.mark.parametrize("pid", ["", "samlocal", "1.5", "9" * 30])
def test_an_invalid_process_id_is_not_alive(pid: str) -> None:
    """An invalid process id in a label is not alive."""
    assert not _is_alive(pid)
