"""The relay's program as a process of this machine, which is all that it is in its container."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.sandbox.docker.network.relay import frames
from samlocal.sandbox.docker.network.relay.frames import (
    FIRST_OF_OURS,
    WINDOW_BYTES,
    Frame,
    Kind,
    number_frame,
    number_of,
    read_frames,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(frames.__file__).parent
PYTHON = [sys.executable, "-ISc", (FOLDER / "program.py").read_text(), "0"]
NODE = ["node", "-e", (FOLDER / "program.js").read_text(), "0"]
PROGRAMS = (
    pytest.param(PYTHON, id="python"),
    pytest.param(NODE, id="node"),
)
# What the kernel keeps of a connection that nobody reads, at most.
KERNEL_BYTES = 16 * 1024 * 1024


class Program:
    """A running relay, its port and its frames."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin
        assert process.stdout
        self.process = process
        self._stdin = process.stdin
        output = process.stdout.fileno()
        self._frames = read_frames(iter(lambda: os.read(output, 65536), b""))
        ready = self.next()
        assert ready.kind is Kind.READY
        self.port = ready.number

    def next(self) -> Frame:
        return next(self._frames)

    def send(self, kind: Kind, number: int, data: bytes = b"") -> None:
        self._stdin.write(bytes(Frame(kind=kind, number=number, data=data)))
        self._stdin.flush()

    def connect(self) -> tuple[socket.socket, int]:
        """Connect as a runtime does; the connection, and its number in frames."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        opened = self.next()
        assert opened.kind is Kind.OPEN
        return client, opened.number

    def connect_inside(self, port: int, number: int = FIRST_OF_OURS) -> Frame:
        """Ask for a connection to a program of the sandbox; the answer."""
        self._stdin.write(bytes(number_frame(Kind.CONNECT, number, port)))
        self._stdin.flush()
        return self.next()

    def receive(self, number: int, size: int) -> bytes:
        """What comes from a connection, whatever comes from others; the relay learns that it is taken."""
        received = b""
        while len(received) < size:
            frame = self.next()
            if (frame.kind, frame.number) == (Kind.DATA, number):
                received += frame.data
                taken = number_frame(Kind.TAKEN, number, len(frame.data))
                self.send(Kind.TAKEN, number, taken.data)
        return received


@pytest.fixture(params=PROGRAMS)
def relay(request: pytest.FixtureRequest) -> Iterator[Program]:
    with subprocess.Popen(request.param, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Program(process)
        finally:
            process.kill()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A program that listens in the sandbox."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        yield server


def port_of(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def test_bytes_go_both_ways(relay: Program) -> None:
    """A client's data arrives in frames of its connection, and the answer goes back to it."""
    client, number = relay.connect()
    with client:
        client.sendall(b"GET /next")
        assert relay.receive(number, 9) == b"GET /next"
        relay.send(Kind.DATA, number, b"200 OK")
        assert client.recv(100) == b"200 OK"


def test_each_direction_ends_by_itself(relay: Program) -> None:
    """A client that has closed its direction still gets its answer; then the connection closes."""
    client, number = relay.connect()
    with client:
        client.shutdown(socket.SHUT_WR)
        assert relay.next() == Frame(kind=Kind.END, number=number)
        relay.send(Kind.DATA, number, b"late")
        relay.send(Kind.END, number)
        assert client.recv(100) == b"late"
        assert client.recv(100) == b""


def test_client_that_disconnects_is_reported(relay: Program) -> None:
    """A client that disconnects ends its connection, and further data for it is dropped."""
    client, number = relay.connect()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()

    assert relay.next() == Frame(kind=Kind.BROKEN, number=number)
    for _ in range(3):
        relay.send(Kind.DATA, number, b"x" * 1000)
    other, other_number = relay.connect()
    with other:
        relay.send(Kind.DATA, other_number, b"alive")
        assert other.recv(100) == b"alive"


def test_client_that_does_not_read_delays_no_other(relay: Program) -> None:
    """A client that does not read does not delay another one."""
    idle, idle_number = relay.connect()
    busy, busy_number = relay.connect()
    with idle, busy:
        payload = os.urandom(WINDOW_BYTES)
        for start in range(0, len(payload), 65536):
            relay.send(Kind.DATA, idle_number, payload[start : start + 65536])
        relay.send(Kind.DATA, busy_number, b"quick")
        assert busy.recv(100) == b"quick"
        relay.send(Kind.END, idle_number)
        assert b"".join(iter(lambda: idle.recv(65536), b"")) == payload


def test_large_request_arrives_whole(relay: Program) -> None:
    """A request of 6 MB arrives complete, even if it is read slowly."""
    client, number = relay.connect()
    payload = os.urandom(6 * 1024 * 1024)
    with client:
        client.settimeout(0)
        rest = memoryview(payload)
        received = b""
        while len(received) < len(payload):
            if rest and select.select([], [client], [], 0)[1]:
                rest = rest[client.send(rest) :]
            else:
                received += relay.receive(number, 1)
        assert received == payload


def test_end_of_input_ends_the_relay(relay: Program) -> None:
    """The relay ends with its input, and so with samlocal."""
    assert relay.process.stdin
    client, _ = relay.connect()
    with client:
        relay.process.stdin.close()
        assert relay.process.wait(20) == 0


def test_program_of_the_sandbox_is_connected(relay: Program, listener: socket.socket) -> None:
    """A program that listens gets a connection, whose directions end independently."""
    number = FIRST_OF_OURS
    assert relay.connect_inside(port_of(listener)) == Frame(kind=Kind.OPEN, number=number)
    with listener.accept()[0] as program:
        relay.send(Kind.DATA, number, b"POST")
        relay.send(Kind.END, number)
        assert program.recv(100) == b"POST"
        assert program.recv(100) == b""
        program.sendall(b"200 OK")
        assert relay.receive(number, 6) == b"200 OK"
    assert relay.next() == Frame(kind=Kind.END, number=number)


@pytest.mark.parametrize("port", ["unused", "none"])
def test_port_without_a_listener_is_refused(
    relay: Program, listener: socket.socket, port: str
) -> None:
    """A port on which no program listens, or that is none, is refused; the relay goes on."""
    number = port_of(listener) if port == "unused" else 99_999
    listener.close()
    assert relay.connect_inside(number) == Frame(kind=Kind.BROKEN, number=FIRST_OF_OURS)
    with relay.connect()[0]:
        assert relay.process.poll() is None


def test_both_sides_are_told_of_a_reset(relay: Program, listener: socket.socket) -> None:
    """A connection that samlocal breaks off is reset for the program, and the other way round."""
    relay.connect_inside(port_of(listener))
    with listener.accept()[0] as program:
        relay.send(Kind.BROKEN, FIRST_OF_OURS)
        with pytest.raises(ConnectionResetError):
            program.recv(100)

    other = FIRST_OF_OURS + 1
    relay.connect_inside(port_of(listener), other)
    program, _ = listener.accept()
    program.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    program.close()
    assert relay.next() == Frame(kind=Kind.BROKEN, number=other)


def test_what_a_program_takes_is_acknowledged(relay: Program, listener: socket.socket) -> None:
    """The relay reports what a program has taken, and nothing of what it has not."""
    relay.connect_inside(port_of(listener))
    with listener.accept()[0] as program:
        for _ in range(16):
            relay.send(Kind.DATA, FIRST_OF_OURS, bytes(WINDOW_BYTES // 16))
        taken = 0
        while taken < WINDOW_BYTES // 4 * 3:
            frame = relay.next()
            assert frame.kind is Kind.TAKEN
            taken += number_of(frame)
            assert taken <= WINDOW_BYTES
            program.recv(WINDOW_BYTES // 16)


def test_no_more_than_the_window_is_under_way(relay: Program, listener: socket.socket) -> None:
    """A program that sends without end is read no faster than samlocal takes its data."""
    relay.connect_inside(port_of(listener))
    with listener.accept()[0] as program:
        program.settimeout(0)
        sent = 0
        while select.select([], [program], [], 1)[1]:
            sent += program.send(bytes(65536))
            assert sent < KERNEL_BYTES
        program.settimeout(20)
        assert relay.receive(FIRST_OF_OURS, sent) == bytes(sent)
        program.sendall(b"more")
        assert relay.receive(FIRST_OF_OURS, 4) == b"more"
