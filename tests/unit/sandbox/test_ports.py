from __future__ import annotations

import socket
from threading import Thread

import pytest

from samlocal.errors import EngineError, PortInUseError
from samlocal.sandbox.docker.container.open_ports import _is_listed
from samlocal.sandbox.ports import port_errors, require_free

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
    assert _is_listed(TABLES, port) is listed


def test_error_of_an_ended_container_is_not_a_listener() -> None:
    """An error of the engine instead of the tables has no listener."""
    assert not _is_listed("the container engine refused: container is not running", 5858)


def test_port_that_is_free() -> None:
    """A port that was closed before is free."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"port {port} of this machine is in use"):
            require_free((port,), address="127.0.0.1")
    require_free((port,), address="127.0.0.1")


def test_checks_at_the_same_time() -> None:
    """Two commands that check a free port at the same time do not see each other."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    refused: list[PortInUseError] = []

    def check() -> None:
        try:
            for _ in range(100):
                require_free((port,), address="127.0.0.1")
        except PortInUseError as error:
            refused.append(error)

    threads = [Thread(target=check) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not refused


@pytest.mark.parametrize(
    "reason",
    [
        "Bind for 127.0.0.1:5858 failed: port is already allocated",
        "listen tcp4 127.0.0.1:5858: bind: address already in use",
    ],
)
def test_port_that_is_taken_after_the_check(reason: str) -> None:
    """The engine's error for a port that was taken after the check is translated."""
    with pytest.raises(PortInUseError, match="port 5858"), port_errors((5858,)):
        raise EngineError(reason)


def test_other_errors_of_the_engine_stay() -> None:
    """Other errors of the engine are unchanged."""
    with pytest.raises(EngineError, match="no such thing"), port_errors((5858,)):
        raise EngineError("no such thing")
