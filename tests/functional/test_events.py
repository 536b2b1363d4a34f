"""Events from real files, pipes and terminals."""

from __future__ import annotations

import io
import json
import os
import pty
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import EventError
from samlocal.events import EventSource, read_event

if TYPE_CHECKING:
    from pathlib import Path

READ_EVENT = """
import sys
from samlocal.errors import SamlocalError
from samlocal.events import EventSource, read_event
try:
    payload = read_event(EventSource(event=(sys.argv[1:] or [None])[0]), stdin=sys.stdin.buffer)
except SamlocalError as error:
    sys.exit(f"{error} ({error.hint})")
sys.stdout.buffer.write(payload)
"""


def from_file(path: Path | str) -> bytes:
    return read_event(EventSource(event=str(path)), stdin=io.BytesIO())


def run(stdin: int | io.BufferedReader, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", READ_EVENT, *arguments],
        stdin=stdin,
        capture_output=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def event(tmp_path: Path) -> Path:
    """Create an event file."""
    path = tmp_path / "event.json"
    path.write_bytes(b'{"message": "hey"}\n')
    return path


def test_a_file(event: Path) -> None:
    """An event file is passed byte for byte."""
    assert from_file(event) == b'{"message": "hey"}\n'


@pytest.mark.parametrize("suffix", [".yaml", ".yml", ".YML"])
def test_a_yaml_file(suffix: str, tmp_path: Path) -> None:
    """A YAML event becomes JSON."""
    path = tmp_path / f"event{suffix}"
    path.write_text("message: hey\ncount: 2\nitems: [é, NO]\n", encoding="utf-16")
    assert json.loads(from_file(path)) == {"message": "hey", "count": 2, "items": ["é", "NO"]}


def test_a_large_yaml_file(tmp_path: Path) -> None:
    """A YAML event that is too large as JSON is an error."""
    path = tmp_path / "event.yaml"
    path.write_text("a: &a " + "x" * 4_000_000 + "\nb: *a\n")
    with pytest.raises(EventError, match="Request must be smaller than 6291456 bytes"):
        from_file(path)


def test_a_path_overrides_data(event: Path) -> None:
    """`--path` overrides `--data`, as in Serverless."""
    source = EventSource(path=str(event), data='{"message": "data"}')
    assert read_event(source, stdin=io.BytesIO()) == b'{"message": "hey"}\n'


def test_a_file_that_does_not_exist(event: Path) -> None:
    """A misspelt path is an error that suggests a similar file."""
    with pytest.raises(EventError) as caught:
        from_file(event.with_name("evnt.json"))
    assert caught.value.message == f"no such event file: `{event.with_name('evnt.json')}`"
    assert caught.value.hint == f"did you mean `{event}`?"


def test_a_file_in_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    """A path in a missing folder is an error without a suggestion."""
    with pytest.raises(EventError, match="no such event file") as caught:
        from_file(tmp_path / "nowhere" / "event.json")
    assert caught.value.hint is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("/", "`/` is a directory, not an event file", id="directory"),
        pytest.param("/proc/self/mem", "cannot be read: Input/output error", id="I/O error"),
        pytest.param("a\0b", "cannot be read: embedded null byte", id="NUL"),
        pytest.param("x" * 300, "cannot be read: File name too long", id="long name"),
        pytest.param("/dev/null", "the event file `/dev/null` is empty", id="empty"),
    ],
)
def test_what_cannot_be_read(name: str, message: str) -> None:
    """Every error of the operating system becomes an error that names the path."""
    with pytest.raises(EventError) as caught:
        from_file(name)
    assert message in caught.value.message


def test_an_endless_file_is_refused() -> None:
    """An endless device is an error after a limited part of it."""
    with pytest.raises(EventError, match="Request must be smaller"):
        from_file("/dev/zero")


def test_an_event_is_read_from_a_pipe() -> None:
    """`--event -` reads a pipe to its end."""
    read_end, write_end = os.pipe()
    os.write(write_end, b'{"message": "hey"}')
    os.close(write_end)
    completed = run(read_end, "-")
    os.close(read_end)
    assert completed.stdout == b'{"message": "hey"}'


def test_an_event_is_read_from_a_redirected_file(event: Path) -> None:
    """`--event - < event.json` reads the file."""
    with event.open("rb") as file:
        assert run(file, "-").stdout == b'{"message": "hey"}\n'


def test_stdin_is_read_on_request_only() -> None:
    """Without `-`, stdin is not read: in a `while read` loop it belongs to the loop."""
    read_end, write_end = os.pipe()
    os.write(write_end, b"Ratings\nOrders\n")
    os.close(write_end)
    completed = run(read_end)
    assert (completed.stdout, os.read(read_end, 99)) == (b"{}", b"Ratings\nOrders\n")
    os.close(read_end)


def test_an_open_pipe_does_not_block() -> None:
    """An open pipe without data, as from cron or editors, does not block the run."""
    read_end, write_end = os.pipe()
    assert run(read_end).stdout == b"{}"
    os.close(read_end)
    os.close(write_end)


def test_a_silent_pipe_is_announced() -> None:
    """A pipe that stays silent for a second is announced."""
    read_end, write_end = os.pipe()
    announced: list[str] = []

    def answer() -> None:
        announced.append("waiting")
        os.write(write_end, b'"late"')
        os.close(write_end)

    with os.fdopen(read_end, "rb") as stdin:
        assert read_event(EventSource(event="-"), stdin=stdin, waiting=answer) == b'"late"'
    assert announced == ["waiting"]


def test_a_pipe_with_data_is_not_announced(event: Path) -> None:
    """A pipe with an event, or one that is not read, is not announced."""

    def fail() -> None:
        pytest.fail("announced")

    with event.open("rb") as stdin:
        assert read_event(EventSource(event="-"), stdin=stdin, waiting=fail)
    for source in (EventSource(), EventSource(data="1"), EventSource(path=str(event))):
        assert read_event(source, stdin=io.BytesIO(), waiting=fail)
    assert read_event(EventSource(event="-"), stdin=io.BytesIO(b"1"), waiting=fail) == b"1"


def test_nothing_is_read_from_a_terminal() -> None:
    """Without `-`, a terminal is not read."""
    controller, terminal = pty.openpty()
    completed = run(terminal)
    os.close(controller)
    os.close(terminal)
    assert completed.stdout == b"{}"


def test_nothing_is_read_from_an_open_socket() -> None:
    """An open socket without data does not block the run."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert run(theirs.fileno()).stdout == b"{}"
