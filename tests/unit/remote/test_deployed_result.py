"""How Lambda's errors tell a timeout and the end of a runtime from an error of a function."""

from __future__ import annotations

import json

import pytest

from samlocal.remote.deployed_result import error_of, outcome_of


@pytest.mark.parametrize(
    ("error_type", "message", "outcome"),
    [
        ("Sandbox.Timedout", "RequestId: 1 Error: Task timed out after 3.00 seconds", "timeout"),
        (None, "2024-05-01T10:00:00.000Z 1 Task timed out after 3.00 seconds", "timeout"),
        ("TaskError", "Task timed out after 3.00 seconds", "error"),
        (None, "Task timed out after 3.00 seconds, said the database", "error"),
        ("Runtime.ExitError", "Runtime exited without providing a reason", "failure"),
        (None, "RequestId: 1 Error: Runtime exited with error: signal: killed", "failure"),
        (None, "RequestId: 1 Process exited before completing request", "failure"),
        ("Runtime.OutOfMemory", "", "failure"),
        ("Runtime.HandlerNotFound", "app.main is undefined or not exported", "failure"),
        ("Extension.Crash", "exit code 0", "failure"),
        ("Runtime.MarshalError", "Unable to marshal response", "error"),
        ("Runtime.UnhandledPromiseRejection", "Error: no", "error"),
        ("Function.ResponseSizeTooLarge", "Response payload size exceeded", "error"),
        ("ValueError", "Error: Runtime exited", "error"),
    ],
)
def test_the_outcome_of_an_error(error_type: str | None, message: str, outcome: str) -> None:
    """The type decides; the message does only where there is no type."""
    members = {"errorMessage": message} | ({"errorType": error_type} if error_type else {})
    assert outcome_of(error_of(json.dumps(members).encode())) == outcome


@pytest.mark.parametrize("body", [b"", b"no", b'"no"', b"\xff", b"[" * 100_000])
def test_an_error_may_be_anything(body: bytes) -> None:
    """A runtime of the user's own reports what it likes."""
    error = error_of(body)
    assert (error.type, error.message, error.body) == ("Unhandled", "", body)
    assert outcome_of(error) == "error"
