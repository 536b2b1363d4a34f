"""Logs in JSON (`LoggingConfig`), with the runtimes' own clients, and lines of extensions.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.docker.command import CHECKOUT, Finished, Samlocal

if TYPE_CHECKING:
    from tests.docker.fixtures import SamlocalIn

PROJECT = CHECKOUT / "tests" / "projects" / "logs"


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn) -> Samlocal:
    """The command in the project."""
    return samlocal_in(PROJECT, "python:3.11", "nodejs:22", "provided:al2023")


def log(ended: Finished) -> list[Any]:
    """Return the lines of the log: objects, or texts that are no objects."""
    lines = ended.stderr.splitlines()[1:]
    return [json.loads(line) if line.startswith("{") else line for line in lines]


def platform(lines: list[Any]) -> list[tuple[str, str | None]]:
    """Return type and status of the platform's lines."""
    return [
        (line["type"], line["record"].get("status"))
        for line in lines
        if isinstance(line, dict) and "record" in line
    ]


def test_python(samlocal: Samlocal) -> None:
    """Lines of the platform and of the function's loggers are objects; the client leaves out low levels."""
    ended = samlocal.invoke("Python")

    assert (ended.exit_code, ended.stdout) == (0, b'"shop"')
    start, run, warning, text, report = log(ended)
    assert platform([start, run, report]) == [
        ("platform.initStart", None),
        ("platform.start", None),
        ("platform.report", "success"),
    ]
    assert start["record"]["runtimeVersion"] == "python:3.11"
    assert (warning["level"], warning["message"]) == ("WARNING", "two\nlines")
    assert warning["requestId"] == run["record"]["requestId"] == report["record"]["requestId"]
    assert text == "not JSON"
    assert report["record"]["metrics"]["memorySizeMB"] == 256
    assert report["record"]["metrics"]["initDurationMs"] > 0


def test_nodejs(samlocal: Samlocal) -> None:
    """With the lowest levels, the log has all events; an error of the function is an object of its client."""
    ended = samlocal.invoke("Nodejs")

    assert ended.exit_code == 3
    lines = log(ended)
    types = [each for each, _ in platform(lines)]
    assert types == [
        "platform.initStart",
        "platform.initRuntimeDone",
        "platform.initReport",
        "platform.start",
        "platform.runtimeDone",
        "platform.report",
    ]
    assert [line["type"] for line in lines[-2:]] == ["platform.runtimeDone", "platform.report"]
    of_function = [line for line in lines if "level" in line]
    assert [(line["level"], line["message"]) for line in of_function[:2]] == [
        ("DEBUG", "a detail"),
        ("ERROR", "a problem"),
    ]
    assert of_function[2]["message"]["errorType"] == "RangeError"


def test_a_custom_runtime(samlocal: Samlocal) -> None:
    """Objects of a custom runtime below the level are left out, and so are successes at the level WARN."""
    ended = samlocal.invoke("Custom", "-e", "-", stdin=b"{}")

    assert (ended.exit_code, ended.stdout) == (0, b"{}")
    assert log(ended) == [
        {"level": "ERROR", "message": "a problem"},
        "not JSON",
        {"level": "FATAL", "message": "in pieces"},
    ]


def test_lines_of_an_extension(samlocal: Samlocal) -> None:
    """Whole lines of an extension, with its name, stand between those of the function and the platform."""
    ended = samlocal.invoke("Watched", "--timestamps")

    assert (ended.exit_code, ended.stdout) == (0, b"null")
    lines = [line.split(" ", 1)[1] for line in ended.stderr.splitlines()[1:]]
    of_extension = [line for line in lines if line.startswith("[")]
    assert of_extension == [
        "[watch.sh] registered",
        "[watch.sh] got INVOKE",
        "[watch.sh] got SHUTDOWN",
        "[watch.sh] bye",
    ]
    others = [re.sub("(RequestId: ).*", r"\1…", line) for line in lines if line[0] != "["]
    assert others == [
        "EXTENSION\tName: watch.sh\tState: Ready\tEvents: [INVOKE, SHUTDOWN]",
        "START RequestId: …",
        "begins and ends",
        "END RequestId: …",
        "REPORT RequestId: …",
    ]
