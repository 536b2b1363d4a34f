"""InvokeWithResponseStream: what boto3's decoder makes of the events."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import EventStreamError  # type: ignore[import-untyped]  # has no types

from tests.functional.lambda_api.fakes import ERROR_BODY, STREAMED

if TYPE_CHECKING:
    from typing import Any

    from tests.functional.lambda_api.aws import Aws
    from tests.functional.lambda_api.conftest import Endpoint

OPERATION = "invoke_with_response_stream"


def chunks_of(events: list[dict[str, Any]]) -> list[bytes]:
    return [each["PayloadChunk"]["Payload"] for each in events if "PayloadChunk" in each]


def test_stream(aws: Aws) -> None:
    """The parts of a response arrive as chunks, and the end is an event."""
    response, events = aws.events("Streams")

    assert response["StatusCode"] == 200
    assert response["ExecutedVersion"] == "$LATEST"
    assert response["ResponseStreamContentType"] == "application/vnd.amazon.eventstream"
    assert chunks_of(events) == list(STREAMED)
    assert events[-1] == {"InvokeComplete": {}}


def test_plain_function(aws: Aws) -> None:
    """A function that does not stream has one chunk; the log is in the last event."""
    response, events = aws.events("Echo:live", Payload=b"[1]", LogType="Tail")

    assert response["ExecutedVersion"] == "2"
    assert chunks_of(events) == [b"[1]"]
    log = base64.b64decode(events[-1]["InvokeComplete"]["LogResult"]).decode()
    assert "the event has 3 bytes\n" in log


def test_error_of_the_function(aws: Aws) -> None:
    """An error is in the last event, and no chunk."""
    _, events = aws.events("Fails")

    (event,) = events
    assert event["InvokeComplete"] == {
        "ErrorCode": "ValueError",
        "ErrorDetails": ERROR_BODY.decode(),
    }


def test_error_in_the_middle(aws: Aws) -> None:
    """What came before an error stays."""
    _, events = aws.events("Streams", Payload=b'"fail"', LogType="Tail")

    assert chunks_of(events) == list(STREAMED)
    complete = events[-1]["InvokeComplete"]
    assert complete["ErrorCode"] == "ValueError"
    assert base64.b64decode(complete["LogResult"]) == b"START\n"


def test_lost_sandbox(aws: Aws) -> None:
    """The client raises an error if the sandbox is lost in the middle of a response."""
    with pytest.raises(EventStreamError, match="the engine is gone") as caught:
        aws.events("Streams", Payload=b'"lost"')
    assert caught.value.response["Error"]["Code"] == "ServiceException"


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("missing", 404, "ResourceNotFoundException"),
        ("Throttled", 429, "TooManyRequestsException"),
        ("Broken", 409, "ResourceConflictException"),
        ("NoEngine", 500, "ServiceException"),
    ],
)
def test_refusal(aws: Aws, name: str, status: int, code: str) -> None:
    """What is refused before the function runs has a status of its own."""
    error = aws.refusal(OPERATION, FunctionName=name)

    assert (error.status, error.code) == (status, code)


def test_invocation_types(aws: Aws) -> None:
    """A dry run streams nothing, and an event cannot be streamed."""
    response, events = aws.events("Streams", InvocationType="DryRun")
    assert (response["StatusCode"], events) == (204, [])
    error = aws.refusal(OPERATION, FunctionName="Streams", InvocationType="Event")
    assert (error.status, error.code) == (400, "ValidationException")


def test_headers_come_before_the_first_byte(aws: Aws, endpoint: Endpoint) -> None:
    """A client has status and headers while the function has not answered."""
    endpoint.loop.call_soon_threadsafe(endpoint.functions.may_answer.clear)
    with aws.stream("Gated") as (response, events):
        assert response["StatusCode"] == 200
        endpoint.loop.call_soon_threadsafe(endpoint.functions.may_answer.set)
        assert chunks_of([*events]) == [b"{}"]


def test_slow_client(aws: Aws, endpoint: Endpoint) -> None:
    """The function writes no faster than the client reads."""
    with aws.stream("Floods") as (_, events):
        first = next(iter(events))
        written = -1
        while written != endpoint.functions.written:
            written = endpoint.functions.written
            time.sleep(0.2)
        assert written < 64 * 1024 * 1024
        size = sum(len(chunk) for chunk in chunks_of([first, *events]))
    assert size == 64 * 1024 * 1024


def test_client_that_hangs_up(aws: Aws, endpoint: Endpoint) -> None:
    """The function runs to its end when its client has hung up."""
    ended = endpoint.functions.ended
    with aws.stream("Floods") as (_, events):
        next(iter(events))

    endpoint.settle()
    assert endpoint.functions.ended == ended + 1
    assert endpoint.functions.written == 64 * 1024 * 1024


def test_client_that_stops_reading(endpoint: Endpoint) -> None:
    """A client that reads nothing for longer than the function may run holds no environment."""
    ended = endpoint.functions.ended
    path = "/2021-11-15/functions/Impatient/response-streaming-invocations"
    with endpoint.connect() as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert connection.recv(16).startswith(b"HTTP/1.1 200")
        endpoint.wait_until(lambda: endpoint.functions.ended > ended)
    assert endpoint.functions.written < 64 * 1024 * 1024


def test_events_of_json(aws: Aws) -> None:
    """The last event is JSON, also with text that is not ASCII."""
    _, events = aws.events("Fails", LogType="Tail")

    assert json.loads(events[-1]["InvokeComplete"]["ErrorDetails"])["errorMessage"] == "no"
