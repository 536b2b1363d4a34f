"""Whether a program in a container listens on a port, as the kernel's tables tell."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from samlocal.errors import EngineError
from samlocal.sandbox.docker.container.open_ports import listens_on
from samlocal.sandbox.socket_tables import is_listed
from tests.free_ports import free_port
from tests.unit.engine.fakes import fake_engine

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n"
NO_PROCESS = 2**22 + 1  # more than any Linux has
PORT = 5858  # 16E2


# `/proc/net/tcp` and `/proc/net/tcp6` of a container: 5858 and, for IPv6, 5859 listen; 5860 is connected.
TABLES = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:16E2 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0
   1: 020011AC:16E4 010011AC:CFB0 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4
  sl  local_address                         remote_address                        st tx_queue
   0: 00000000000000000000000000000000:16E3 00000000000000000000000000000000:0000 0A 00000000:00000000
"""


@pytest.mark.parametrize(
    ("port", "listed"), [(5858, True), (5859, True), (5860, False), (2, False)]
)
def test_only_listeners_are_found(port: int, listed: bool) -> None:  # noqa: FBT001
    """Only a listening socket on the exact port is found."""
    assert is_listed(TABLES, port) is listed


def test_error_of_an_ended_container_is_not_a_listener() -> None:
    """An error of the engine instead of the tables has no listener."""
    assert not is_listed("the container engine refused: container is not running", 5858)


def asked(output: str | EngineError) -> bool | None:
    """Return the result for a container on another machine, in which `cat` has this output."""

    def run_in(_container_id: str, command: list[str]) -> tuple[int, str]:
        assert command == ["cat", "/proc/net/tcp", "/proc/net/tcp6"]
        if isinstance(output, EngineError):
            raise output
        return 0, output

    return listens_on(fake_engine(run_in=run_in), "0a1b", NO_PROCESS, PORT)


@pytest.mark.parametrize(
    ("output", "listens"),
    [
        pytest.param(f"{HEAD}   0: 00000000:16E2 00000000:0000 0A 0\n", True, id="IPv4"),
        pytest.param(f"{HEAD}   0: {'0' * 32}:16E2 {'0' * 32}:0000 0A 0\n", True, id="IPv6"),
        pytest.param(f"{HEAD}   0: 00000000:16E2 0100007F:9999 01 0\n", False, id="connected"),
        pytest.param(f"{HEAD}   0: 00000000:16E3 00000000:0000 0A 0\n", False, id="another port"),
        pytest.param(f"{HEAD}   0: 00000000:0016 00000000:16E2 0A 0\n", False, id="the other end"),
        pytest.param(HEAD, False, id="nothing"),
        pytest.param('exec: "cat": executable file not found in $PATH', None, id="no cat"),
        pytest.param(EngineError('"cat": executable file not found'), None, id="no cat, refused"),
        pytest.param(EngineError("container 0a1b is not running"), False, id="it has ended"),
    ],
)
def test_container_elsewhere(output: str | EngineError, *, listens: bool | None) -> None:
    """A container on another machine is inspected with `cat`; without it the result is unknown."""
    assert asked(output) is listens


def test_container_on_this_machine() -> None:
    """For a container on this machine, no command runs in it."""
    group = Path(f"/proc/{os.getpid()}/cgroup").read_text().splitlines()[-1]
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        assert listens_on(fake_engine(), group, os.getpid(), port) is True
    assert listens_on(fake_engine(), group, os.getpid(), port) is False


def test_process_of_another_program() -> None:
    """A local process with the same id as a remote container's is not used."""

    def run_in(_container_id: str, _command: list[str]) -> tuple[int, str]:
        return 0, f"{HEAD}   0: 00000000:16E2 00000000:0000 0A 0\n"

    assert listens_on(fake_engine(run_in=run_in), "0a1b", os.getpid(), PORT) is True
