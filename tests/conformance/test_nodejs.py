"""Node.js as Lambda runs it: 20 and 22 with callbacks, 24 and later without.

https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
https://aws.amazon.com/blogs/compute/node-js-24-runtime-now-available-in-aws-lambda/
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.docker.command import CHECKOUT, Finished, Samlocal

if TYPE_CHECKING:
    from tests.docker.fixtures import SamlocalIn

PROJECT = CHECKOUT / "tests" / "projects" / "nodejs-handlers"

with_callbacks = pytest.mark.parametrize("version", ["20", "22"])
every_version = pytest.mark.parametrize("version", ["20", "22", "24"])


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn) -> Samlocal:
    """The command in a project with one function for each form of a handler."""
    return samlocal_in(PROJECT, "nodejs:20", "nodejs:22", "nodejs:24")


def invoke(samlocal: Samlocal, function: str, version: str, *options: str) -> Finished:
    return samlocal.invoke(function, "--runtime", f"nodejs{version}.x", *options)


def result(ended: Finished) -> Any:  # noqa: ANN401  # whatever a function returns
    assert ended.exit_code == 0, ended.stderr
    return json.loads(ended.stdout)


def error(ended: Finished) -> tuple[str, str]:
    """The type and the message of the error that a function ended with."""
    assert ended.exit_code == 3, ended.stderr
    told = json.loads(ended.stdout)
    return told["errorType"], told["errorMessage"]


@with_callbacks
@pytest.mark.parametrize(
    ("function", "expected"),
    [
        pytest.param("Calls", {"timer": True}, id="callback waits for the event loop"),
        pytest.param("CallsAtOnce", {"timer": False}, id="callback waits for nothing"),
        pytest.param("NeverCalls", None, id="the event loop is empty"),
        pytest.param("Succeeds", "ended", id="context.succeed"),
        pytest.param("IsDone", "ended", id="context.done"),
    ],
)
def test_callbacks_end_an_invocation(
    samlocal: Samlocal, function: str, version: str, expected: object
) -> None:
    """Handlers that are not async end as they do on Lambda before Node.js 24."""
    assert result(invoke(samlocal, function, version)) == expected


@with_callbacks
@pytest.mark.parametrize("function", ["CallsWithError", "Fails"])
def test_callbacks_report_an_error(samlocal: Samlocal, function: str, version: str) -> None:
    """The error that a callback or `context.fail` is given is the function's."""
    assert error(invoke(samlocal, function, version)) == ("RangeError", "no stars")


@with_callbacks
def test_rejection_that_nobody_awaits_is_the_functions_error(
    samlocal: Samlocal, version: str
) -> None:
    """Before Node.js 24 the runtime reports it under a type of its own, and ends."""
    ended = invoke(samlocal, "RejectsUnawaited", version)
    assert error(ended) == ("Runtime.UnhandledPromiseRejection", "RangeError: no stars")


@with_callbacks
def test_error_that_is_thrown_later_is_the_functions(samlocal: Samlocal, version: str) -> None:
    """What a timer throws ends the invocation."""
    assert error(invoke(samlocal, "ThrowsLater", version)) == ("RangeError", "no stars")


@every_version
def test_rejection_is_the_functions_error(samlocal: Samlocal, version: str) -> None:
    """An async handler that throws fails in every version."""
    assert error(invoke(samlocal, "Rejects", version)) == ("RangeError", "no stars")


@pytest.mark.parametrize("function", ["RejectsUnawaited", "ThrowsLater"])
def test_nodejs_24_dies_of_what_nobody_catches(samlocal: Samlocal, function: str) -> None:
    """Since Node.js 24 an error outside of the handler's promise ends the process."""
    ended = invoke(samlocal, function, "24")
    assert ended.exit_code == 5
    assert json.loads(ended.stdout)["errorType"] == "Runtime.ExitError"


def test_nodejs_24_refuses_callbacks(samlocal: Samlocal) -> None:
    """A handler with three parameters does not initialise."""
    ended = invoke(samlocal, "Calls", "24")
    assert ended.exit_code == 5
    assert json.loads(ended.stdout)["errorType"] == "Runtime.CallbackHandlerDeprecated"


def test_nodejs_24_has_no_context_succeed(samlocal: Samlocal) -> None:
    """The methods of the context that ended an invocation are gone."""
    ended = invoke(samlocal, "Succeeds", "24")
    assert error(ended) == ("TypeError", "context.succeed is not a function")


@every_version
@pytest.mark.parametrize(
    ("function", "kind"),
    [("NoModule", "Runtime.ImportModuleError"), ("NoHandler", "Runtime.HandlerNotFound")],
)
def test_handler_that_is_not_there_fails_in_init(
    samlocal: Samlocal, function: str, kind: str, version: str
) -> None:
    """What is missing is told by Lambda's own name."""
    ended = invoke(samlocal, function, version)
    assert ended.exit_code == 5
    assert json.loads(ended.stdout)["errorType"] == kind


@every_version
def test_memory_is_divided_as_on_lambda(samlocal: Samlocal, version: str) -> None:
    """Node.js collects garbage before the function's memory is used up, unless NODE_OPTIONS says otherwise."""
    options = "NODE_OPTIONS=--max_old_space_size=100"
    own, chosen = (
        result(invoke(samlocal, "Options", version, *each))["command"]
        for each in ((), ("--env", options))
    )
    assert {"--max-semi-space-size=12", "--max-old-space-size=231"} <= {*own}
    assert not [each for each in chosen if "space" in each]


@every_version
def test_experimental_features_are_off_until_they_are_asked_for(
    samlocal: Samlocal, version: str
) -> None:
    """`require` loads no ES module, unless NODE_OPTIONS lets it."""
    option = "NODE_OPTIONS=--experimental-require-module"
    assert result(invoke(samlocal, "Options", version))["required"] == "ERR_REQUIRE_ESM"
    asked = invoke(samlocal, "Options", version, "--env", option)
    assert result(asked)["required"] == "an ES module"
