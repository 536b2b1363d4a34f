"""Fixtures of tests with a service of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.service import launcher
from samlocal.service.identity import socket_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECKOUT = Path(__file__).parents[3]
SECONDS = 20
_MODULES = "tests.functional.service"


@dataclass(frozen=True, kw_only=True)
class Service:
    """A folder for the socket of a service, and the commands that use it."""

    folder: Path

    @property
    def socket(self) -> Path:
        return Path(socket_path())

    def start(self) -> int:
        """Start the service, and return the id of its main process."""
        launcher.start_service()
        return self.pid()

    def pid(self) -> int:
        """Return the id of the process that listens."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.socket))
            peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int.from_bytes(peer[:4], sys.byteorder)

    def begin(self, *arguments: str, **options: object) -> subprocess.Popen[str]:
        """Start a command."""
        variables = {"PYTHONPATH": str(CHECKOUT), "SHOWN": "of the command", **os.environ}
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]  # its options are many
            [sys.executable, "-m", f"{_MODULES}.command", *arguments],
            cwd=options.get("cwd", CHECKOUT),
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            umask=options.get("umask", -1),
        )

    def run(self, *arguments: str, stdin: str = "", **options: object) -> tuple[int, str, str]:
        """Run a command; return its exit code, stdout and stderr."""
        with self.begin(*arguments, **options) as process:
            out, err = process.communicate(stdin, timeout=SECONDS)
        return process.returncode, out, err


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, which must come true."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    return _state_and_parent(pid)[0] not in {"", "Z"}


def children(pid: int) -> list[int]:
    """Return the running processes that a process has forked."""
    all_processes = (int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit())
    return [
        each for each in all_processes if _state_and_parent(each)[1] == pid and is_running(each)
    ]


def _state_and_parent(pid: int) -> tuple[str, int]:
    with suppress(OSError):
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
        return state, int(parent)
    return "", 0


@pytest.fixture
def service(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A folder for a service, which has ended afterwards."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_path))
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    monkeypatch.setattr(launcher, "PROGRAM", f"{_MODULES}.program")
    running = Service(folder=short_path)
    yield running
    with suppress(OSError):
        pid = running.pid()
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not is_running(pid))
