"""The relay's program as a process of this machine, which is all that it is in its container."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.sandbox.docker.network.relay import frames
from samlocal.sandbox.docker.network.relay.frames import Frame, Kind, read_frames

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(frames.__file__).with_name("program.py").read_text()


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

    def receive(self, number: int, size: int) -> bytes:
        """What comes from a connection, whatever comes from others."""
        received = b""
        while len(received) < size:
            frame = self.next()
            if (frame.kind, frame.number) == (Kind.DATA, number):
                received += frame.data
        return received


@pytest.fixture
def relay() -> Iterator[Program]:
    with running() as program:
        yield program


@contextmanager
def running() -> Iterator[Program]:
    with subprocess.Popen(
        [sys.executable, "-ISc", PROGRAM, "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            yield Program(process)
        finally:
            process.kill()


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
    """A client that disconnects ends its direction, and further data for it is dropped."""
    client, number = relay.connect()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()

    assert relay.next() == Frame(kind=Kind.END, number=number)
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
        payload = os.urandom(6 * 1024 * 1024)
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
