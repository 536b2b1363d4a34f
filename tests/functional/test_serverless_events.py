"""Events in Serverless's spelling, from texts, files and pipes."""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import EventError
from samlocal.events import EventSource
from samlocal.serverless_event import Readers, ServerlessEvent, read_serverless_event

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO


def read(
    source: EventSource,
    directory: Path,
    stdin: BinaryIO | None = None,
    *,
    named: bytes = b"",
    waited: list[bool] | None = None,
    patience_seconds: float = 30,
) -> ServerlessEvent:
    readers = Readers(
        directory=directory,
        run_script=lambda path: json.dumps({"script": path.name}),
        stdin=stdin,
        waiting=lambda: (waited if waited is not None else []).append(True),
        patience_seconds=patience_seconds,
    )
    return read_serverless_event(source, readers, named_stdin=io.BytesIO(named))


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        pytest.param('{"a": 1.0}', b'{"a": 1.0}', id="object"),
        pytest.param("12345678901234567890", b"12345678901234567890", id="long number"),
        pytest.param("null", b"null", id="null"),
        pytest.param("hello world", b'"hello world"', id="text"),
        pytest.param("", b'""', id="empty text"),
        pytest.param("a\nb\n", b'"a\\nb\\n"', id="lines"),
    ],
)
def test_data_is_json_or_text(text: str, payload: bytes, tmp_path: Path) -> None:
    """Data is passed on as it is if it is JSON, else as a string, without a word."""
    assert read(EventSource(data=text), tmp_path) == ServerlessEvent(payload=payload)


def test_data_that_looks_like_json_is_reported(tmp_path: Path) -> None:
    """What looks like JSON and is none stays a text, as in Serverless, and the user learns of it."""
    event = read(EventSource(data="{a: 1}"), tmp_path)
    [diagnostic] = event.diagnostics
    assert event.payload == b'"{a: 1}"'
    assert diagnostic.message.startswith("`--data` is not JSON, so the event is a string:")


def test_raw_data_is_text(tmp_path: Path) -> None:
    """With `raw`, JSON is a text too, without a word."""
    assert read(EventSource(data='{"a"', raw=True), tmp_path).payload == rb'"{\"a\""'
    assert read(EventSource(data="{a: 1}", raw=True), tmp_path).diagnostics == ()


@pytest.mark.parametrize(
    ("name", "content", "payload"),
    [
        pytest.param("a.json", '{"a": 1}\n', b'{"a": 1}\n', id="json"),
        pytest.param("a.tfstate", "[1]", b"[1]", id="tfstate"),
        pytest.param("a.yml", "a: [1, yes]", b'{"a": [1, "yes"]}', id="yml"),
        pytest.param("a.YAML", "a: 1", b'{"a": 1}', id="yaml"),
        pytest.param(
            "a.yml",
            "{a: 2024-05-01, b: 2024-05-01T10:00:00+02:00, c: '2024-05-01', d: 1.00}",
            b'{"a": "2024-05-01T00:00:00.000Z", "b": "2024-05-01T08:00:00.000Z", "c": "2024-05-01", "d": 1.00}',
            id="timestamps",
        ),
        pytest.param("a.js", "module.exports = 1", b'{"script": "a.js"}', id="js"),
        pytest.param("a.txt", " hello\n", b'"hello"', id="text without space around it"),
        pytest.param("a.txt", ' {"a": 1}\n', b'{"a": 1}', id="text that is json"),
    ],
)
@pytest.mark.parametrize("raw", [False, True])
def test_a_file_is_read_by_its_ending(
    name: str, content: str, payload: bytes, tmp_path: Path, *, raw: bool
) -> None:
    """The ending of a file says what it is; `raw` is about text only, as in Serverless."""
    (tmp_path / name).write_text(content)
    if raw and name == "a.txt":
        payload = json.dumps(content.strip()).encode()
    assert read(EventSource(path=name, raw=raw), tmp_path).payload == payload


def test_a_file_overrides_data(tmp_path: Path) -> None:
    """`--path` overrides `--data`, as the pages of Serverless say."""
    (tmp_path / "a.json").write_text("1")
    assert read(EventSource(path="a.json", data="2"), tmp_path).payload == b"1"


def test_a_file_beside_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path is one of the project, else one of the current directory."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.json").write_text("1")
    for name, content in (("a.json", "2"), ("b.json", "3")):
        (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)
    payloads = [read(EventSource(path=name), project).payload for name in ("a.json", "b.json")]
    assert payloads == [b"1", b"3"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("a.json", "{a: 1}", "invalid JSON", id="json"),
        pytest.param("a.yml", "a: [", "invalid YAML|expected", id="yaml"),
        pytest.param("b.js", None, "no such event file: `b.js`", id="missing"),
        pytest.param("c.json", None, "no such event file: `c.json`", id="missing json"),
        pytest.param("c.json", " ", "the event file `.*c.json` is empty", id="empty json"),
        pytest.param("c.yml", "\n", "the event file `.*c.yml` is empty", id="empty yaml"),
    ],
)
def test_broken_files(name: str, content: str | None, message: str, tmp_path: Path) -> None:
    """A file that is broken or missing is an error, not a text."""
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(EventError, match=message):
        read(EventSource(path=name), tmp_path)


@pytest.mark.parametrize(
    ("content", "payload"),
    [
        pytest.param(b'{"a": 1}\n', b'{"a": 1}\n', id="json"),
        pytest.param(b"hello\n", b'"hello\\n"', id="text"),
        pytest.param(b"", b"{}", id="nothing"),
        pytest.param(b"\n", b"{}", id="an empty line"),
    ],
)
def test_standard_input(content: bytes, payload: bytes, tmp_path: Path) -> None:
    """What comes from standard input is treated as data; nothing is an empty event."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    with os.fdopen(reading, "rb") as stdin:
        assert read(EventSource(), tmp_path, stdin) == ServerlessEvent(payload=payload)


def test_standard_input_is_not_read_beside_data(tmp_path: Path) -> None:
    """With data, or where another option reads it, standard input is left alone."""
    stdin = io.BytesIO(b"1")
    assert read(EventSource(data="2"), tmp_path, stdin).payload == b"2"
    assert read(EventSource(), tmp_path).payload == b"{}"
    assert stdin.read() == b"1"


def test_standard_input_that_stays_open(tmp_path: Path) -> None:
    """An open pipe that nobody writes to delays the invocation, and does not hang it."""
    reading, writing = os.pipe()
    waited: list[bool] = []
    try:
        with os.fdopen(reading, "rb") as stdin:
            event = read(EventSource(), tmp_path, stdin, waited=waited, patience_seconds=0.1)
    finally:
        os.close(writing)
    [diagnostic] = event.diagnostics
    assert (event.payload, waited) == (b"{}", [True])
    assert diagnostic.message == "nothing came from standard input in 0.1 seconds: the event is {}"


def test_a_terminal_is_not_read(tmp_path: Path) -> None:
    """Nobody is asked to type an event."""
    controller, terminal = os.openpty()
    try:
        with os.fdopen(terminal, "rb") as stdin:
            assert read(EventSource(), tmp_path, stdin).payload == b"{}"
    finally:
        os.close(controller)


def test_standard_input_by_name(tmp_path: Path) -> None:
    """`--path -` is standard input."""
    assert read(EventSource(path="-"), tmp_path, named=b"hey").payload == b'"hey"'


def test_an_event_that_is_too_large(tmp_path: Path) -> None:
    """Lambda's limit holds for text too."""
    with pytest.raises(EventError, match="Request must be smaller"):
        read(EventSource(data="x" * 6 * 1024 * 1024), tmp_path)
