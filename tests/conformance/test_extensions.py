"""Extensions that nobody here wrote, from layers and images of every kind, on every engine and API connection."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.docker.command import API_CONNECTION, Finished, Samlocal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SANDBOXES = ("docker", "podman", "process")
pytestmark = pytest.mark.ports

GET = {
    "version": "2.0",
    "rawPath": "/reviews",
    "rawQueryString": "",
    "headers": {"host": "tea.example"},
    "requestContext": {"http": {"method": "GET", "path": "/reviews"}},
}


@pytest.fixture
def samlocal(
    programs: Path,
    stand_in: Callable[[str], str],
    remains_of: Callable[[Path], list[object]],
    environment: dict[str, str],
) -> Iterator[Samlocal]:
    """The command in the project with programs; nothing of its sandboxes may remain."""
    stand_in("python:3.11")
    yield Samlocal(directory=programs, environment=environment)
    assert not remains_of(programs)


def result(ended: Finished) -> object:
    assert ended.exit_code == 0, ended.stderr
    return json.loads(ended.stdout)


def lines_of(name: str, stderr: str) -> list[str]:
    """What an extension wrote; its name is before each of its lines, and they begin with it too."""
    return re.findall(rf"^\[{name}\] {name} (.*)", stderr, re.MULTILINE)


def assert_events_came(stderr: str) -> None:
    """An extension was registered, and got the events of one invocation and of Shutdown."""
    registered, invoke, shutdown = lines_of("rust-events", stderr)
    assert registered.startswith("registered with function=")
    assert 'account=Some("123456789012")' in registered
    (request,) = re.findall(r"START RequestId: (\S+)", stderr)
    assert invoke.startswith(f"INVOKE request={request} arn=arn:aws:lambda:")
    assert " X-Amzn-Trace-Id=Root=1-" in invoke
    assert shutdown.startswith("SHUTDOWN reason=spindown deadline=")


@pytest.mark.parametrize(
    "connection", ["direct", pytest.param("relay", marks=pytest.mark.container("network"))]
)
def test_two_extensions_of_two_layers(samlocal: Samlocal, connection: str) -> None:
    """Extensions of two layers get events, and one of them the telemetry of the invocation, as documented."""
    ended = samlocal.invoke("Merged", "-e", "-", API_CONNECTION, connection, stdin=b'{"a": 1}')

    assert result(ended) == {"calls": 1, "event": {"a": 1}}
    assert_events_came(ended.stderr)
    *lines, last = lines_of("rust-telemetry", ended.stderr)
    assert last == "has all reports"
    events = [json.loads(line) for line in lines]
    types = [event["type"] for event in events]
    order = ["platform.initStart", "platform.initRuntimeDone", "platform.initReport"]
    order += ["platform.start", "platform.runtimeDone", "platform.report"]
    assert [each for each in types if each in order] == order
    assert sorted(set(types) - set(order)) == [
        "function",
        "platform.extension",
        "platform.telemetrySubscription",
    ]
    lines = [event["record"] for event in events if event["type"] == "function"]
    assert [line.rstrip("\n") for line in lines] == ["function in Init", "function call 1"]


def test_extensions_in_a_warm_environment(samlocal: Samlocal) -> None:
    """Three invocations in one environment have three INVOKE events, three reports and one Init."""
    ended = samlocal.invoke("Merged", "--no-event", "--repeat", "3")

    calls = [json.loads(line)["calls"] for line in ended.stdout.splitlines()]
    assert (ended.exit_code, calls) == (0, [1, 2, 3]), ended.stderr
    words = [line.split(" ")[0] for line in lines_of("rust-events", ended.stderr)]
    assert words == ["registered", "INVOKE", "INVOKE", "INVOKE", "SHUTDOWN"]
    *lines, last = lines_of("rust-telemetry", ended.stderr)
    assert last == "has all reports"
    types = [json.loads(line)["type"] for line in lines]
    assert types.count("platform.initStart") == 1
    assert types.count("platform.report") == 3


@pytest.mark.container("image functions, .NET")
def test_extension_of_an_image(samlocal: Samlocal) -> None:
    """An extension that an image function brings is started."""
    ended = samlocal.invoke("Image", "--no-event")

    assert result(ended) == {"calls": 1, "event": {}}
    assert_events_came(ended.stderr)


@pytest.mark.container("image functions, .NET")
def test_extension_of_an_image_without_a_shell(samlocal: Samlocal) -> None:
    """An image with nothing but a program and an extension works as others do."""
    ended = samlocal.invoke("Bare", "--no-event")

    assert (ended.exit_code, ended.stdout) == (0, b"first\nlast\n"), ended.stderr
    assert_events_came(ended.stderr)
    assert "SIGTERM came" in ended.stderr


def test_web_server_behind_an_adapter(samlocal: Samlocal) -> None:
    """lambda-web-adapter answers for a web server, which knows nothing of Lambda."""
    ended = samlocal.invoke("Web", "-e", "-", stdin=json.dumps(GET).encode())

    answer = result(ended)
    assert isinstance(answer, dict)
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {"path": "/reviews", "host": "tea.example"}


def test_extensions_are_left_out(samlocal: Samlocal) -> None:
    """With `--no-extensions` a function runs without them."""
    ended = samlocal.invoke("Merged", "--no-event", "--no-extensions")

    assert result(ended) == {"calls": 1, "event": {}}
    assert "rust-" not in ended.stderr
