from __future__ import annotations

import json

import pytest

from samlocal.execution.outcomes import (
    answered,
    failed_afterwards,
    failed_to_initialise,
    runtime_exited,
    timed_out,
)
from samlocal.invocation import FunctionError
from samlocal.runtime_api.answer import Answer
from samlocal.sandbox.sandbox import Exit


def test_timeout_is_lambdas_own_error() -> None:
    """A timeout has Lambda's error, with two decimals for the seconds."""
    ending = timed_out("id-1", 3, at=1.0)

    assert (ending.outcome, ending.status, ending.at) == ("timeout", "timeout", 1.0)
    assert json.loads(ending.answer.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: id-1 Error: Task timed out after 3.00 seconds",
    }


@pytest.mark.parametrize(
    ("said", "reported"),
    [
        ("Runtime.NoSuchModule", "Runtime.NoSuchModule"),
        ("Function.NoSuchHandler", "Function.NoSuchHandler"),
        ("Function.no such handler", "Function.Unknown"),
        ("Runtime.", "Runtime.Unknown"),
        ("ValueError", "Runtime.Unknown"),
        (None, "Runtime.Unknown"),
    ],
)
def test_failed_init_keeps_the_runtimes_error(said: str | None, reported: str) -> None:
    """The answer is the runtime's error; the report has its type only in the form of Lambda's."""
    error = FunctionError(type="ValueError", message="no stars")
    failure = Answer(payload=b"{}", error=error, error_type=said)
    ending = failed_to_initialise(failure, at=1.0)

    assert (ending.outcome, ending.status) == ("failure", "error")
    assert (ending.answer, ending.error_type) == (failure, reported)


@pytest.mark.parametrize(
    ("status", "signal", "reason"),
    [
        pytest.param(None, None, "without providing a reason", id="nobody saw it"),
        pytest.param(0, None, "without providing a reason", id="0"),
        pytest.param(1, None, "with error: exit status 1", id="1"),
        pytest.param(255, None, "with error: exit status 255", id="255"),
        pytest.param(142, None, "with error: exit status 142", id="AWS's own entry point"),
        pytest.param(137, None, "with error: exit status 137", id="exit(137)"),
        pytest.param(137, 9, "with error: signal: killed", id="SIGKILL"),
        pytest.param(134, 6, "with error: signal: aborted", id="SIGABRT"),
        pytest.param(143, 15, "with error: signal: terminated", id="SIGTERM"),
        pytest.param(190, 62, "with error: signal: 62", id="a signal without a name"),
    ],
)
def test_exit_has_a_reason(status: int | None, signal: int | None, reason: str) -> None:
    """The reason of an exit is a signal only if one is known."""
    ending = runtime_exited("id-1", Exit(at=2.0, status=status, signal=signal), 128)

    assert (ending.outcome, ending.error_type, ending.at) == ("failure", "Runtime.ExitError", 2.0)
    assert ending.answer.error is not None
    assert ending.answer.error.message == f"RequestId: id-1 Error: Runtime exited {reason}"
    assert ending.answer.error.hint is None


def test_out_of_memory_has_a_hint() -> None:
    """The hint for lack of memory has the memory size."""
    ending = runtime_exited("id-1", Exit(at=2.0, status=137, out_of_memory=True), 512)

    assert (ending.out_of_memory, ending.error_type) == (True, "Runtime.OutOfMemory")
    assert ending.answer.error is not None
    assert ending.answer.error.hint == "the function used all of its 512 MB: raise `MemorySize`"


def test_error_of_the_function_is_a_success_to_the_platform() -> None:
    """An error that the function returns is a success in the `REPORT` line."""
    error = FunctionError(type="ValueError", message="no stars")
    ending = answered(Answer(payload=b"{}", error=error), at=1.0)
    assert (ending.outcome, ending.status, ending.error_type) == ("error", "success", None)


def test_failure_after_the_answer() -> None:
    """The caller keeps the answer, and the report has the failure."""
    answer = Answer(payload=b"1")
    ending = failed_afterwards(answer, timed_out("id-1", 3, at=4.0))
    assert (ending.outcome, ending.answer) == ("success", answer)
    assert (ending.status, ending.at, ending.is_failure) == ("timeout", 4.0, True)
