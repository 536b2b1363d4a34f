from __future__ import annotations

import socket
from threading import Thread

import pytest

from samlocal.errors import EngineError, PortInUseError
from samlocal.sandbox.ports import port_errors, require_free
from tests.free_ports import free_port


def test_port_that_is_free() -> None:
    """A port that was closed before is free."""
    port = free_port()
    in_use = pytest.raises(PortInUseError, match=f"port {port} of this machine is in use")
    with socket.create_server(("127.0.0.1", port)), in_use:
        require_free((port,), address="127.0.0.1")
    require_free((port,), address="127.0.0.1")


def test_checks_at_the_same_time() -> None:
    """Two commands that check a free port at the same time do not see each other."""
    port = free_port()
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
