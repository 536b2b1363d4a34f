from __future__ import annotations

import socket

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
def test_only_who_listens_is_found(port: int, listed: bool) -> None:  # noqa: FBT001
    """A connection from that port, or a port whose number ends like it, is no listener."""
    assert _is_listed(TABLES, port) is listed


def test_what_a_container_that_has_ended_says_is_no_listener() -> None:
    """An error of the engine in place of the tables holds none."""
    assert not _is_listed("the container engine refused: container is not running", 5858)


def test_port_that_is_free() -> None:
    """A port that somebody had a moment ago is free."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"port {port} of this machine is in use"):
            require_free((port,), address="127.0.0.1")
    require_free((port,), address="127.0.0.1")


@pytest.mark.parametrize(
    "reason",
    [
        "Bind for 127.0.0.1:5858 failed: port is already allocated",
        "listen tcp4 127.0.0.1:5858: bind: address already in use",
    ],
)
def test_port_that_is_lost_to_another(reason: str) -> None:
    """Between the look and the start somebody may take the port; the engine's words are turned."""
    with pytest.raises(PortInUseError, match="port 5858"), port_errors((5858,)):
        raise EngineError(reason)


def test_other_errors_of_the_engine_stay() -> None:
    """What isn't about a port is left alone."""
    with pytest.raises(EngineError, match="no such thing"), port_errors((5858,)):
        raise EngineError("no such thing")
