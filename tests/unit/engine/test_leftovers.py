from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from samlocal.engine.leftovers import _is_alive, labels


def test_labels_say_whose_a_container_is() -> None:
    """A later command finds what this one left behind by them."""
    namespace = Path("/proc/self/ns/pid").stat().st_ino
    assert labels(project="/shop/template.yaml", function="Ratings") == {
        "samlocal.pid": str(os.getpid()),
        "samlocal.host": f"{socket.gethostname()} pid:[{namespace}]",
        "samlocal.project": "/shop/template.yaml",
        "samlocal.function": "Ratings",
    }


def test_a_running_process_is_alive() -> None:
    """Containers of commands that run are theirs."""
    assert _is_alive(str(os.getpid()))


def test_a_process_of_another_user_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel lets nobody but root signal it, and says so: it is there."""

    def kill(pid: int, number: int) -> None:
        raise PermissionError(pid, number)

    monkeypatch.setattr(os, "kill", kill)
    assert _is_alive("1")


def test_an_ended_process_is_not_alive() -> None:
    """What an ended command left behind can be swept up."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert not _is_alive(str(process.pid))


@pytest.mark.parametrize("pid", ["", "samlocal", "1.5", "9" * 30])
def test_what_is_no_process_is_not_alive(pid: str) -> None:
    """A label that was tampered with doesn't stop the sweep."""
    assert not _is_alive(pid)
