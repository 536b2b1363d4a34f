"""Connections by a forwarder in the container, whose part the tests play."""

from __future__ import annotations

import errno
import struct
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from samlocal.engine.engine_api import ApiError
from samlocal.engine.streams import attached
from samlocal.sandbox.docker.network.exec_forwarder import connect_inside
from samlocal.sandbox.docker.network.sandbox_connector import SandboxConnector
from tests.unit.engine.fakes import Connection, fake_engine

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from samlocal.engine.engine import Engine
    from samlocal.engine.streams import Attached

STDOUT, STDERR = 1, 2


@pytest.fixture
def connection() -> Iterator[Connection]:
    made = Connection()
    made.container.settimeout(20)
    with made.container:
        yield made


def frame(stream: int, data: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(data)) + data


def engine(connection: Connection, refusal: str = "") -> Engine:
    """An engine that executes anything, unless it refuses that."""

    def create(container_id: str, command: list[str], *, stdin: bool) -> str:
        assert (container_id, command[0], stdin) == ("0a1b", "bash", True)
        assert command[3] == "8080"
        return "e1"

    def start(execution: str) -> Attached:
        assert execution == "e1"
        if refusal:
            raise ApiError(400, refusal)
        return attached(connection, b"")

    return fake_engine(api=SimpleNamespace(create_execution=create, start_execution=start))


def connected(connection: Connection, refusal: str = "") -> socket.socket:
    addresses = ("172.17.0.2", "127.0.0.1")
    return connect_inside(engine(connection, refusal), "0a1b", addresses, 8080)


def test_bytes_go_both_ways(connection: Connection) -> None:
    """What follows the forwarder's first byte is the program's; the end of either side ends both."""
    connection.container.sendall(frame(STDOUT, b"+") + frame(STDOUT, b"hello"))
    with connected(connection) as ours:
        assert ours.recv(100) == b"hello"
        ours.sendall(b"telemetry")
        assert connection.container.recv(100) == b"telemetry"
    assert connection.container.recv(100) == b""


def test_program_that_closes(connection: Connection) -> None:
    """When the forwarder ends, the connection does."""
    connection.container.sendall(frame(STDOUT, b"+last"))
    with connected(connection) as ours:
        connection.container.close()
        assert ours.recv(100) == b"last"
        assert ours.recv(100) == b""


def test_forwarder_that_connects_nowhere(connection: Connection) -> None:
    """A forwarder that ends in silence has found no listener."""
    connection.container.close()
    with pytest.raises(ConnectionRefusedError, match="listens on port 8080"):
        connected(connection)


@pytest.mark.parametrize("stream", [STDOUT, STDERR])
def test_image_without_bash(connection: Connection, stream: int) -> None:
    """What an engine or a shell writes instead is the reason."""
    connection.container.sendall(frame(stream, b'exec: "bash": executable file not found\n'))
    connection.container.close()
    with pytest.raises(OSError, match=r"cannot be reached.*executable file not found") as caught:
        connected(connection)
    assert caught.value.errno == errno.ENETUNREACH


def test_engine_that_refuses(connection: Connection) -> None:
    """The refusal of the engine is the reason."""
    with connection.sock, pytest.raises(OSError, match=r"cannot be reached.* it has ended"):
        connected(connection, "it has ended")


def test_address_that_this_machine_cannot_reach(connection: Connection) -> None:
    """An address without a route, as in a macvlan network, is reached from inside the container."""
    connector = SandboxConnector(
        engine(connection), "0a1b", addresses=["255.255.255.255"], is_reachable=True
    )
    connection.container.sendall(frame(STDOUT, b"+hello"))
    with connector.connect(8080, pid=0) as ours:
        assert ours.recv(100) == b"hello"
