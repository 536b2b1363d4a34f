from __future__ import annotations

import threading
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from samlocal.engine.streams import attached
from samlocal.sandbox.container_spec import ContainerSpec, ImageRequest
from samlocal.sandbox.docker.container import output_reader
from samlocal.sandbox.docker.container.output_reader import OutputReader
from samlocal.sandbox.docker.container.processes import Processes
from samlocal.sandbox.output import Output
from samlocal.sandbox.sandbox import SandboxSpec
from tests.unit.engine.fakes import Connection, fake_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.sandbox.docker.container.function_container import FunctionContainer

LINE = b"\1\0\0\0\0\0\0\3hi\n"


class BrokenLog:
    """A log that nobody can write to."""

    def write(self, output: bytes) -> None:
        raise RuntimeError(output)

    def line(self, text: str) -> None:
        raise RuntimeError(text)


@pytest.fixture
def connection() -> Iterator[Connection]:
    connection = Connection()
    with connection.sock, connection.container:
        yield connection


def reader_of(connection: Connection, output: Output) -> OutputReader:
    spec = ContainerSpec(
        sandbox=SandboxSpec(function="F", project=Path(), environment={}, memory_mb=None),
        image=ImageRequest(name="python:3.13"),
    )
    container = SimpleNamespace(
        attach=lambda: attached(connection, b""),
        id="0a1b",
        is_one_stream=True,
        is_stopping=False,
        oom_kills=lambda: 0,
        spec=spec,
    )
    engine = fake_engine()
    processes = Processes(spec, engine, output)
    return OutputReader(engine, cast("FunctionContainer", container), processes)


def test_reader_of_a_container_that_never_starts(connection: Connection) -> None:
    """The engine may leave the connection of such a container open: closing the reader ends it."""
    ended = Event()
    reader = reader_of(connection, Output())
    reader.start(ended.set)
    reader.close(0)
    assert (ended.is_set(), connection.is_closed) == (True, True)


def test_reader_that_is_closed_before_it_starts(connection: Connection) -> None:
    """A reader that attaches while it is closed ends at once."""
    ended = Event()
    reader = reader_of(connection, Output())
    reader.close(0)
    reader.start(ended.set)
    assert ended.wait(10)
    assert connection.is_closed


def test_reader_that_is_closed_while_its_thread_starts(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that has not started cannot be joined; it ends at once."""
    ended = Event()
    reader = reader_of(connection, Output())

    class LateThread(Thread):
        def start(self) -> None:
            reader.close(0)
            super().start()

    monkeypatch.setattr(output_reader, "Thread", LateThread)
    reader.start(ended.set)
    assert ended.wait(10)


def test_last_output_is_read_before_the_reader_is_closed(connection: Connection) -> None:
    """A container that has run is read to its end."""
    output = Output()
    reader = reader_of(connection, output)
    reader.start(lambda: None)
    closing = Thread(target=reader.close, args=(10,))
    closing.start()
    connection.container.sendall(LINE)
    connection.container.close()
    closing.join()
    assert bytes(output._kept) == b"hi\n"


def test_end_is_told_whatever_happens(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for the end of the output after its reader broke."""
    errors: list[object] = []
    monkeypatch.setattr(threading, "excepthook", errors.append)
    ended = Event()
    output = Output()
    output.connect(BrokenLog())
    reader = reader_of(connection, output)
    reader.start(ended.set)
    connection.container.sendall(LINE)
    assert ended.wait(10)
    reader.close(10)
    assert len(errors) == 1
