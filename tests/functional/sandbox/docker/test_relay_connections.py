"""Connections through a relay from this machine to programs, by the relay's own program in a fake engine."""

from __future__ import annotations

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from queue import SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from samlocal.engine.engine import Engine
from samlocal.sandbox.container_spec import ContainerNetwork, ImageRequest
from samlocal.sandbox.docker.container.container_factory import ContainerFactory
from samlocal.sandbox.docker.network.relay import relay as relay_module
from samlocal.sandbox.docker.network.relay.launch import RelayLauncher
from tests.free_ports import free_port
from tests.functional.engine.fake_engine import fake_engine
from tests.unit.sandbox.specs import CONTAINER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from samlocal.errors import SandboxError
    from samlocal.sandbox.container_spec import ContainerSpec
    from tests.functional.engine.fake_engine import FakeEngine

    Serving = Callable[[Callable[[socket.socket], None]], int]

SECONDS = 20
MIB = 1024 * 1024


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[FakeEngine]:
    with fake_engine(tmp_path / "engine.sock", lambda _runtime: 0) as serving:
        yield serving


@pytest.fixture
def lost() -> SimpleQueue[SandboxError]:
    """The errors of a relay that ended before it was closed."""
    return SimpleQueue()


@pytest.fixture
def api() -> Iterator[socket.socket]:
    """The listener to which connections of the sandbox lead."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def relay(
    engine: FakeEngine, api: socket.socket, lost: SimpleQueue[SandboxError]
) -> Iterator[RelayLauncher]:
    with Engine(engine.address) as connected:
        launcher = RelayLauncher(connected, _spec(), target=api.getsockname(), lost=lost.put)
        assert launcher.launch(ContainerFactory(connected, pull=None))
        yield launcher
        launcher.close()


def _spec() -> ContainerSpec:
    network = ContainerNetwork(name="host")  # the relay listens on a free port
    return replace(CONTAINER, network=network, image=ImageRequest(name="a:1", is_function=True))


@pytest.fixture
def serving() -> Iterator[Serving]:
    """Serves every connection to a new port with a function; returns the port."""
    listeners = []

    def serve(program: Callable[[socket.socket], None]) -> int:
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        listeners.append(listener)
        Thread(target=_accept, args=(listener, program), daemon=True).start()
        port: int = listener.getsockname()[1]
        return port

    yield serve
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)  # ends the thread that accepts, which closes it


def _accept(listener: socket.socket, program: Callable[[socket.socket], None]) -> None:
    with listener, suppress(OSError):
        while True:
            connection, _ = listener.accept()
            Thread(target=program, args=(connection,), daemon=True).start()


def echo(connection: socket.socket) -> None:
    with connection, suppress(OSError):  # the client has hung up
        while data := connection.recv(65536):
            connection.sendall(data)


def rest_of(connection: socket.socket) -> bytes:
    connection.settimeout(SECONDS)
    return b"".join(iter(lambda: connection.recv(65536), b""))


def test_bytes_go_both_ways(relay: RelayLauncher, serving: Serving) -> None:
    """A program gets what is sent, and its answer comes back after the end of the request."""
    with relay.connect(serving(echo)) as connected:
        connected.sendall(b"telemetry")
        connected.shutdown(socket.SHUT_WR)
        assert rest_of(connected) == b"telemetry"


def test_many_connections_at_once(relay: RelayLauncher, serving: Serving) -> None:
    """Many threads connect at once, and each has its own data back."""
    port = serving(echo)

    def exchange(number: int) -> bool:
        data = number.to_bytes(4, "big") * 50_000
        with relay.connect(port) as connected:
            Thread(target=_send_all, args=(connected, data), daemon=True).start()
            return rest_of(connected) == data

    with ThreadPoolExecutor(40) as threads:
        assert all(threads.map(exchange, range(40)))


def _send_all(connection: socket.socket, data: bytes) -> None:
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def _send_until(error: type[OSError], connection: socket.socket, *, seconds: float) -> int:
    """Send until there is this error; return how many bytes were sent."""
    connection.settimeout(seconds)
    sent = 0
    with suppress(error):
        while True:
            sent += connection.send(bytes(65536))
    return sent


def test_large_data_goes_both_ways(relay: RelayLauncher, serving: Serving) -> None:
    """50 MB arrive complete, and come back."""
    data = os.urandom(MIB) * 50
    with relay.connect(serving(echo)) as connected:
        Thread(target=_send_all, args=(connected, data), daemon=True).start()
        assert rest_of(connected) == data


def test_refused_port(relay: RelayLauncher) -> None:
    """A port on which no program listens is refused; the message names it."""
    port = free_port()
    with pytest.raises(ConnectionRefusedError, match=f"listens on port {port}"):
        relay.connect(port)


def test_program_that_reads_nothing_is_sent_little(relay: RelayLauncher, serving: Serving) -> None:
    """A sender waits for a program that does not read; other connections go on."""
    reads = Event()

    def idle(connection: socket.socket) -> None:
        reads.wait(SECONDS)
        echo(connection)

    with relay.connect(serving(idle)) as waiting:
        sent = _send_until(TimeoutError, waiting, seconds=1)
        assert sent < 64 * MIB
        with relay.connect(serving(echo)) as other:
            other.sendall(b"alive")
            other.shutdown(socket.SHUT_WR)
            assert rest_of(other) == b"alive"
        reads.set()
        waiting.shutdown(socket.SHUT_WR)
        assert len(rest_of(waiting)) == sent


def test_caller_that_reads_nothing_delays_no_other(relay: RelayLauncher, serving: Serving) -> None:
    """A program waits for a caller that does not read its answer; other connections go on."""
    ends = Event()

    def talkative(connection: socket.socket) -> None:
        with connection:
            connection.sendall(bytes(64 * MIB))
            ends.set()

    with relay.connect(serving(talkative)) as waiting:
        assert waiting.recv(1) == bytes(1)
        for _ in range(3):
            with relay.connect(serving(echo)) as other:
                other.sendall(b"alive")
                other.shutdown(socket.SHUT_WR)
                assert rest_of(other) == b"alive"
        assert not ends.is_set()
        assert len(rest_of(waiting)) == 64 * MIB - 1
    assert ends.wait(SECONDS)


def test_program_that_closes(relay: RelayLauncher, serving: Serving) -> None:
    """A program that closes ends the connection, and the caller cannot send any more."""
    with relay.connect(serving(lambda connection: connection.close())) as connected:
        assert rest_of(connected) == b""
        _send_until(BrokenPipeError, connected, seconds=SECONDS)


def test_caller_that_closes(relay: RelayLauncher, serving: Serving) -> None:
    """A caller that closes ends the connection for the program, even while that sends."""
    ended = Event()

    def talkative(connection: socket.socket) -> None:
        with connection:
            _send_until(ConnectionError, connection, seconds=SECONDS)
        ended.set()

    connected = relay.connect(serving(talkative))
    assert connected.recv(1) == bytes(1)
    connected.close()
    assert ended.wait(SECONDS)


def test_connections_end_with_the_relay(
    relay: RelayLauncher, serving: Serving, engine: FakeEngine, lost: SimpleQueue[SandboxError]
) -> None:
    """When the relay ends, its connections end, and new ones are refused."""
    port = serving(echo)
    with relay.connect(port) as connected:
        for container in list(engine.containers.values()):
            container.end(1)
        assert rest_of(connected) == b""
        with pytest.raises(ConnectionRefusedError):
            relay.connect(port)
        assert "the relay ended" in str(lost.get(timeout=SECONDS))


def test_connection_that_is_never_accepted(
    relay: RelayLauncher, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that does not accept is an error after a time; the relay goes on."""
    monkeypatch.setattr(relay_module, "_CONNECT_SECONDS", 0.3)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        with socket.create_connection(address), pytest.raises(TimeoutError):
            relay.connect(address[1])
    with relay.connect(serving(echo)) as connected:
        connected.sendall(b"alive")
        assert connected.recv(5) == b"alive"
