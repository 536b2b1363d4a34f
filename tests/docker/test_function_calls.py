"""Functions call functions: with boto3, `fetch` and curl, on each engine and API connection."""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.docker import aws_clients
from tests.docker.build_cache import NoCompilerError
from tests.docker.command import API_CONNECTION, CHECKOUT, PATIENCE_SECONDS, Samlocal
from tests.docker.endpoint import serving
from tests.missing import missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docker.endpoint import Endpoint
    from tests.docker.fixtures import SamlocalIn

ENGINES = ("docker", "podman")
PROJECT = CHECKOUT / "tests" / "projects" / "function-calls"
MIB = 1024 * 1024
# It starts a container for each call, one after the other; the first test of an engine loads its images.
_SECONDS_FOR_A_LOOP = 400


@pytest.fixture
def environment(environment: dict[str, str], runtime_folder: Path) -> dict[str, str]:
    """The variables of a command, with a runtime folder of its own."""
    return environment | {"XDG_RUNTIME_DIR": str(runtime_folder)}


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn) -> Samlocal:
    return samlocal_in(PROJECT, "python:3.11", "nodejs:22", "provided:al2023")


class StartEndpoint(Protocol):
    def __call__(self, *options: str) -> Endpoint: ...


@pytest.fixture
def endpoint(samlocal: Samlocal) -> Iterator[StartEndpoint]:
    """Starts an endpoint for the project, which serves when this returns."""
    with ExitStack() as started:
        yield lambda *options: started.enter_context(serving(samlocal, "--no-watch", *options))


def result(
    samlocal: Samlocal,
    function: str,
    event: object,
    *options: str,
    seconds: float = PATIENCE_SECONDS,
) -> Any:  # noqa: ANN401
    ended = samlocal(
        *("local", "invoke", function, "--no-credentials", "-e", "-"),
        *options,
        stdin=json.dumps(event).encode(),
        seconds=seconds,
    )
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


@pytest.mark.timeout(_SECONDS_FOR_A_LOOP)
@pytest.mark.parametrize("connection", ["direct", "relay"])
def test_functions_call_functions(
    samlocal: Samlocal, endpoint: StartEndpoint, connection: str
) -> None:
    """A call reaches its function and returns, with a real client, from `local invoke` and from the endpoint."""
    endpoint(API_CONNECTION, connection)
    found = {
        name: result(samlocal, function, event, API_CONNECTION, connection)
        for name, (function, event, _) in CALLS.items()
    }
    expected = {name: each for name, (*_, each) in CALLS.items()}
    assert found == expected
    calls = [(function, event) for function, event, _ in CALLS.values()]
    options = ("CallsEach", calls, API_CONNECTION, connection)
    answers = result(samlocal, *options, seconds=_SECONDS_FOR_A_LOOP)
    assert [each["payload"] for each in answers] == list(expected.values())


def test_errors_of_the_called_function(samlocal: Samlocal, endpoint: StartEndpoint) -> None:
    """An SDK raises Lambda's errors, and tells an error of the function."""
    endpoint()
    raised = result(samlocal, "Calls", {"function": "Raises"})
    assert (raised["status"], raised["error"]) == (200, "Unhandled")
    assert raised["payload"]["errorMessage"] == "not today"
    missing = result(samlocal, "Calls", {"function": "Nowhere"})
    assert (missing["status"], missing["code"]) == (404, "ResourceNotFoundException")
    large = result(samlocal, "Calls", {"function": "Echo", "payload": "x" * (6 * MIB - 100)})
    assert large["status"] == 200


@pytest.mark.any_engine
@pytest.mark.timeout(_SECONDS_FOR_A_LOOP)
def test_function_that_calls_itself(samlocal: Samlocal, endpoint: StartEndpoint) -> None:
    """A loop ends after 16 rounds: SDKs pass the header on that counts them."""
    endpoint()
    ended = result(samlocal, "CallsItself", {"round": 1}, seconds=_SECONDS_FOR_A_LOOP)
    assert (ended["code"], ended["status"]) == ("RecursiveInvocationException", 400)
    # The first round is outside of the endpoint, which counts those that it runs.
    assert ended["rounds"] == 17


@pytest.mark.any_engine
@pytest.mark.timeout(_SECONDS_FOR_A_LOOP)
def test_functions_with_the_sdk_for_javascript(samlocal: Samlocal, endpoint: StartEndpoint) -> None:
    """It finds the endpoint, and passes on the header that counts the rounds of a loop."""
    try:
        _, program = aws_clients.javascript_sdk()
    except NoCompilerError as reason:
        missing(str(reason))
    modules = samlocal.directory / "nodejs" / "node_modules"
    shutil.copytree(program.parent / "node_modules", modules, symlinks=True)
    endpoint()
    event = {"function": "Echo", "payloads": [1, {"a": "ü"}, "x" * MIB]}
    assert result(samlocal, "CallsWithSdk", event) == event["payloads"]
    missed = {"function": "Nowhere", "payloads": [1]}
    assert result(samlocal, "CallsWithSdk", missed) == ["ResourceNotFoundException"]
    ended = result(samlocal, "CallsItselfWithSdk", {"round": 1}, seconds=_SECONDS_FOR_A_LOOP)
    assert ended == {"rounds": 17, "code": "RecursiveInvocationException"}


def test_variable_of_the_endpoint(samlocal: Samlocal, endpoint: StartEndpoint) -> None:
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
    assert running.end() == 0
    assert variable("Variables")[0] is None


def test_warm_function(samlocal: Samlocal, endpoint: StartEndpoint) -> None:
    """An environment that is kept calls the endpoint that is running, else that of the background service."""

    def warm(function: str, event: object = None) -> Any:  # noqa: ANN401
        return result(samlocal, function, event, "--keep-warm", "1m")

    try:
        for _ in range(2):
            running = endpoint()
            for _ in range(2):
                called = warm("Calls", {"function": "Echo", "payload": 1})
                assert called == {"status": 200, "error": None, "payload": 1}
            assert running.end() == 0
            called = warm("Calls", {"function": "Echo", "payload": 2})
            assert called == {"status": 200, "error": None, "payload": 2}
    finally:
        assert samlocal("warm", "stop").exit_code == 0


def test_log_of_a_called_warm_function(samlocal: Samlocal) -> None:
    """The command shows all of it, also what comes after the answer."""
    event = json.dumps({"function": "Echo", "payload": 1})
    try:
        for _ in range(3):
            ended = samlocal(
                *("local", "invoke", "Calls", "--data", event, "--no-credentials"),
                *("--keep-warm", "1m"),
            )
            assert ended.exit_code == 0, ended.stderr
            for line in ("START", "END", "REPORT"):
                assert f"[Echo] {line} RequestId: " in ended.stderr
    finally:
        assert samlocal("warm", "stop").exit_code == 0


def test_arn_of_a_neighbour(samlocal: Samlocal) -> None:
    """The first call in the background service may name a function by its ARN, in any Region and account."""
    place = ("--region", "eu-central-1", "--account-id", "210987654321")
    arn = "arn:aws:lambda:eu-central-1:210987654321:function:Echo"
    try:
        called = result(
            samlocal, "Calls", {"function": arn, "payload": 1}, *("--keep-warm", "1m"), *place
        )
        assert called == {"status": 200, "error": None, "payload": 1}
    finally:
        assert samlocal("warm", "stop").exit_code == 0


def test_endpoint_that_is_killed(samlocal: Samlocal, endpoint: StartEndpoint) -> None:
    """A waiting function gets Lambda's error at once, and the next command removes what is left."""
    running = endpoint()
    caller = samlocal.start(
        *("local", "invoke", "Calls", "--no-credentials"),
        *("--data", json.dumps({"function": "Sleeps"})),
    )
    with caller:
        running.wait_for("going to sleep")
        running.process.kill()
        running.process.wait()
        stdout, stderr = caller.communicate(timeout=PATIENCE_SECONDS)
    assert caller.returncode == 0, stderr
    answer = json.loads(stdout)
    assert (answer["status"], answer["code"]) == (500, "ServiceException")
    assert result(samlocal, "Variables", None)["AWS_ENDPOINT_URL_LAMBDA"] is None
