"""Functions call functions: with boto3, `fetch` and curl, on each engine and API connection."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.docker.command import API_CONNECTION, CHECKOUT, PATIENCE_SECONDS, Samlocal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.docker.conftest import SamlocalIn

ENGINES = ("docker", "podman")
PROJECT = CHECKOUT / "tests" / "projects" / "function-calls"
MIB = 1024 * 1024


@pytest.fixture
def environment(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """The variables of a command, with a runtime folder of its own, whose path is short."""
    folder = tempfile.mkdtemp(prefix="samlocal-")
    try:
        yield environment | {"XDG_RUNTIME_DIR": folder}
        assert not list(Path(folder).glob("samlocal/*"))
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn) -> Samlocal:
    return samlocal_in(PROJECT, "python:3.11", "nodejs:22", "provided:al2023")


class Endpoint(Protocol):
    def __call__(self, connection: str = "direct") -> subprocess.Popen[bytes]: ...


@pytest.fixture
def endpoint(samlocal: Samlocal, environment: dict[str, str]) -> Iterator[Endpoint]:
    """Starts an endpoint for the project, whose functions have the given API connection."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(connection: str = "direct") -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.docker.endpoint_program", "template.yaml", connection],
            cwd=samlocal.directory,
            env={**os.environ, **environment, "PYTHONPATH": str(CHECKOUT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        processes.append(process)
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        return process

    yield start
    for process in processes:
        with process:
            if process.poll() is None:
                assert process.stdin
                process.stdin.close()
                assert process.wait(PATIENCE_SECONDS) == 0


def result(samlocal: Samlocal, function: str, event: object, *options: str) -> Any:  # noqa: ANN401
    ended = samlocal.invoke(function, "-e", "-", *options, stdin=json.dumps(event).encode())
    assert ended.exit_code == 0, ended.stderr
    return json.loads(ended.stdout)


CALLS: dict[str, tuple[str, object, object]] = {
    "boto3": (
        "Calls",
        {"function": "Echo", "payload": {"a": "ü"}},
        {"status": 200, "error": None, "payload": {"a": "ü"}},
    ),
    "by ARN": (
        "Calls",
        {"function": "arn:aws:lambda:us-east-1:123456789012:function:Echo", "payload": 1},
        {"status": 200, "error": None, "payload": 1},
    ),
    "in the background": (
        "Calls",
        {"function": "Echo", "payload": 1, "arguments": {"InvocationType": "Event"}},
        {"status": 202, "error": None, "payload": None},
    ),
    "through a function": (
        "Calls",
        {"function": "Calls", "payload": {"function": "Echo", "payload": "deep"}},
        {
            "status": 200,
            "error": None,
            "payload": {"status": 200, "error": None, "payload": "deep"},
        },
    ),
    "response stream": (
        "Streams",
        {"function": "Echo", "payload": [1]},
        [{"PayloadChunk": "[1]"}, {"InvokeComplete": []}],
    ),
    "despite a proxy": (
        "Proxied",
        {"function": "Echo", "payload": 1},
        {"status": 200, "error": None, "payload": 1},
    ),
    "many at once": ("CallsAtOnce", {"function": "Echo", "number": 5, "size": MIB}, 5),
    "fetch, with kept connections": (
        "Fetches",
        {"function": "Echo", "payloads": [1, "x" * MIB, 3]},
        [{"status": 200, "version": "$LATEST", "payload": each} for each in (1, "x" * MIB, 3)],
    ),
    "curl, on the connection of the Runtime API": ("Shares", {"from": "curl"}, {"from": "curl"}),
}


@pytest.mark.parametrize("connection", ["direct", "relay"])
def test_functions_call_functions(samlocal: Samlocal, endpoint: Endpoint, connection: str) -> None:
    """A call reaches its function and returns, with a real client, from `local invoke` and from the endpoint."""
    endpoint(connection)
    found = {
        name: result(samlocal, function, event, API_CONNECTION, connection)
        for name, (function, event, _) in CALLS.items()
    }
    expected = {name: each for name, (*_, each) in CALLS.items()}
    assert found == expected
    calls = [(function, event) for function, event, _ in CALLS.values()]
    answers = result(samlocal, "CallsEach", calls, API_CONNECTION, connection)
    assert [each["payload"] for each in answers] == list(expected.values())


def test_errors_of_the_called_function(samlocal: Samlocal, endpoint: Endpoint) -> None:
    """An SDK raises Lambda's errors, and tells an error of the function."""
    endpoint()
    raised = result(samlocal, "Calls", {"function": "Raises"})
    assert (raised["status"], raised["error"]) == (200, "Unhandled")
    assert raised["payload"]["errorMessage"] == "not today"
    missing = result(samlocal, "Calls", {"function": "Nowhere"})
    assert (missing["status"], missing["code"]) == (404, "ResourceNotFoundException")
    large = result(samlocal, "Calls", {"function": "Echo", "payload": "x" * (6 * MIB - 100)})
    assert large["status"] == 200


def test_function_that_calls_itself(samlocal: Samlocal, endpoint: Endpoint) -> None:
    """A loop ends after 16 rounds: SDKs pass the header on that counts them."""
    endpoint()
    ended = result(samlocal, "CallsItself", {"round": 1})
    assert (ended["code"], ended["status"]) == ("RecursiveInvocationException", 400)
    # The first round is outside of the endpoint, which counts those that it runs.
    assert ended["rounds"] == 17


def test_variable_of_the_endpoint(samlocal: Samlocal, endpoint: Endpoint) -> None:
    """It is there while an endpoint is running, unless the function or an option says otherwise."""

    def variable(function: str, *options: str) -> tuple[str | None, str]:
        found = result(samlocal, function, None, *options)
        return found["AWS_ENDPOINT_URL_LAMBDA"], f"http://{found['AWS_LAMBDA_RUNTIME_API']}"

    assert variable("Variables")[0] is None
    running = endpoint()
    found, expected = variable("Variables")
    assert found == expected
    assert variable("Variables", "--no-lambda-endpoint")[0] is None
    assert variable("Variables", "--env", "AWS_ENDPOINT_URL_LAMBDA=http://x")[0] == "http://x"
    assert variable("HasItsOwn")[0] is None
    assert running.stdin
    running.stdin.close()
    assert running.wait(PATIENCE_SECONDS) == 0
    assert variable("Variables")[0] is None
