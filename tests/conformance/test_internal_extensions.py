"""Internal extensions, and programs that stream their response, none of which were written here."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.conformance.test_extensions import GET, lines_of, result
from tests.docker.command import PATIENCE_SECONDS, Samlocal

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Iterator
    from pathlib import Path


pytestmark = pytest.mark.ports


@pytest.fixture
def samlocal(
    programs: Path,
    stand_in: Callable[[str], str],
    remains_of: Callable[[Path], list[object]],
    environment: dict[str, str],
) -> Iterator[Samlocal]:
    """The command in the project with programs; nothing of its sandboxes may remain."""
    for image in ("nodejs:22", "provided:al2023", "python:3.11", "python:3.13"):
        stand_in(image)
    yield Samlocal(directory=programs, environment=environment)
    assert not remains_of(programs)


@pytest.mark.parametrize(
    "function",
    [
        # It needs urllib3, which the image has with its SDK.
        pytest.param(
            "Sigterm", marks=pytest.mark.container("AWS SDK (`boto3`, `@aws-sdk/…`, `aws-sdk-*`)")
        ),
        "Go",
    ],
)
def test_internal_extension_brings_sigterm(samlocal: Samlocal, function: str) -> None:
    """A runtime with an extension gets SIGTERM at Shutdown: lambda-sigterm, and aws-lambda-go."""
    ended = samlocal.invoke(function, "--no-event")

    assert ended.exit_code == 0, ended.stderr
    assert "SIGTERM came" in ended.stderr
    assert "WARNING" not in ended.stderr


def test_internal_extension_works_after_the_response(samlocal: Samlocal) -> None:
    """lambda-otel-lite writes its span when the response is out, which holds the invocation."""
    ended = samlocal.invoke("OtelLite", "--no-event", "--repeat", "2")

    assert (ended.exit_code, ended.stdout) == (0, b'"traced"\n"traced"\n'), ended.stderr
    first, second, after = ended.stderr.split("END RequestId")
    spans = [part.count("__otel_otlp_stdout") for part in (first, second, after)]
    assert spans == [1, 1, 0]


def test_logs_api(samlocal: Samlocal) -> None:
    """An extension of a zip archive gets the function's and the platform's logs in their order."""
    ended = samlocal.invoke("Logs", "--no-event")

    assert result(ended) == {"calls": 1, "event": {}}
    *logs, last = lines_of("rust-logs", ended.stderr)
    assert last == "has all reports"
    names = [log.split(" ")[0].split("(")[0] for log in logs]
    order = ["PlatformStart", "Function", "PlatformRuntimeDone", "PlatformReport"]
    assert [name for name in names if name in order] == ["Function", *order]
    assert set(names) - set(order) <= {
        "PlatformLogsSubscription",
        "PlatformExtension",
        "PlatformEnd",
    }


def test_logs_api_after_a_crash(samlocal: Samlocal) -> None:
    """A runtime that exits is a fault, before the report."""
    ended = samlocal.invoke("Logs", "--data", '{"exits": true}')

    assert ended.exit_code == 5
    *logs, last = lines_of("rust-logs", ended.stderr)
    assert last == "has all reports"
    [fault] = [log for log in logs if log.startswith("PlatformFault")]
    assert "Process exited before completing request" in fault
    names = [log.split(" ")[0].split("(")[0] for log in logs]
    assert names.index("PlatformStart") < logs.index(fault) < names.index("PlatformReport")


def test_extension_for_nodejs(samlocal: Samlocal) -> None:
    """Serverless' extension, in Node.js, gets the report of the invocation from the Logs API."""
    ended = samlocal.invoke("Node", "--no-event")

    assert result(ended) == "handled"
    assert "otel-extension  launching extension" in ended.stderr
    assert "Processing event:  INVOKE" in ended.stderr
    assert '"type":"platform.report"' in ended.stderr
    assert "WARNING" not in ended.stderr


def test_extension_that_holds_the_invocation(samlocal: Samlocal) -> None:
    """An extension that does not come back lets the invocation time out, after its response."""
    ended = samlocal.invoke("NodeHeld", "--no-event")

    assert ended.stdout == b'"handled"'
    assert "Status: timeout" in ended.stderr
    assert "otel-extension" in ended.stderr


@contextmanager
def _pipe(path: Path) -> Iterator[io.FileIO]:
    """A named pipe, which takes what is written even before someone opens it."""
    os.mkfifo(path)
    try:
        with path.open("r+b", buffering=0) as pipe:
            yield pipe
    finally:
        path.unlink()


def test_chunks_come_as_they_are_written(samlocal: Samlocal) -> None:
    """The second line of a response is written only when the first has been read here."""
    event = GET | {"rawPath": "/stream", "rawQueryString": "until=/var/task/until"}
    event_file = samlocal.directory / "event.json"
    event_file.write_text(json.dumps(event))
    with _pipe(samlocal.directory / "web" / "until") as pipe:
        process = samlocal.start(
            "local", "invoke", "WebStream", "--no-credentials", "-e", str(event_file)
        )
        assert process.stdout
        first = process.stdout.readline()
        pipe.write(b"seen")
        rest, stderr = process.communicate(timeout=PATIENCE_SECONDS)

    assert (first.rpartition(b"\0")[2], rest) == (b"first\n", b"last\n"), stderr
    assert process.returncode == 0


def test_prelude_of_a_streamed_response(samlocal: Samlocal) -> None:
    """lambda-web-adapter streams the status and headers before the body."""
    event = json.dumps(GET | {"rawPath": "/stream"}).encode()
    ended = samlocal.invoke("WebStream", "-e", "-", stdin=event)

    prelude, _, body = ended.stdout.partition(b"\0" * 8)
    assert json.loads(prelude)["statusCode"] == 200
    assert body == b"first\nlast\n"
