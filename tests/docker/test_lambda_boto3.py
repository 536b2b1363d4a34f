"""boto3 against a server of the Lambda API."""

from __future__ import annotations

import base64
import importlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.docker.endpoint import Endpoint

boto3 = importlib.import_module("boto3")
botocore_config = importlib.import_module("botocore.config")

_SECONDS = 30


@pytest.fixture
def lambda_client(lambda_server: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401  # boto3 has no types
    """A client that finds the server by the environment, and tries again as often as it does by default."""
    for name, value in lambda_server.client_variables().items():
        monkeypatch.setenv(name, value)
    client = boto3.session.Session().client("lambda")
    yield client
    client.close()


def payload(answer: dict[str, Any]) -> Any:  # noqa: ANN401  # JSON
    return json.load(answer["Payload"])


def eventually(look: Callable[[], Any]) -> Any:  # noqa: ANN401  # JSON
    """Return what is found, once something is."""
    deadline = time.monotonic() + _SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def test_an_answer_has_what_lambda_sends(lambda_client: Any) -> None:  # noqa: ANN401
    """The request id is the function's own, and so are version and body."""
    answer = lambda_client.invoke(FunctionName="Context")
    assert answer["ResponseMetadata"]["RequestId"] == payload(answer)["requestId"]
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["content-type"] == "application/json"
    assert headers["x-amzn-trace-id"].startswith("Root=1-")


def test_a_client_context_and_a_log_tail_go_together(lambda_client: Any) -> None:  # noqa: ANN401
    """All members of a request reach the function at once."""
    answer = lambda_client.invoke(
        FunctionName="arn:aws:lambda:us-east-1:123456789012:function:shop-context",
        Qualifier="live",
        LogType="Tail",
        ClientContext=base64.b64encode(b'{"custom": {"shop": "tea"}}').decode(),
        Payload=b"{}",
    )
    tail = base64.b64decode(answer["LogResult"]).decode()
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert tail.startswith(f"START RequestId: {request_id} Version: 1\n")
    assert payload(answer)["custom"] == {"shop": "tea"}


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("ResourceNotFoundException", {"FunctionName": "nobody"}),
        ("ResourceNotFoundException", {"FunctionName": "Echo", "Qualifier": "nowhere"}),
        ("InvalidRequestContentException", {"FunctionName": "Echo", "Payload": b"{"}),
        (
            "InvalidRequestContentException",
            {"FunctionName": "Echo", "Payload": b"{", "InvocationType": "Event"},
        ),
        ("InvalidParameterValueException", {"FunctionName": "Tenants"}),
    ],
)
def test_errors_are_of_the_clients_classes(
    lambda_client: Any,  # noqa: ANN401
    name: str,
    members: dict[str, Any],
) -> None:
    """A program catches the exceptions that it catches with AWS, after one try."""
    with pytest.raises(getattr(lambda_client.exceptions, name)) as caught:
        lambda_client.invoke(**members)
    response = caught.value.response
    assert response["Error"]["Code"] == name
    assert response["ResponseMetadata"]["RetryAttempts"] == 0
    assert response["Type"] == "User"


def test_a_throttled_client_tries_again(lambda_client: Any) -> None:  # noqa: ANN401
    """A throttle has its reason, and the client tries as often as it does with AWS."""
    with pytest.raises(lambda_client.exceptions.TooManyRequestsException) as caught:
        lambda_client.invoke(FunctionName="None")
    response = caught.value.response
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert response["ResponseMetadata"]["RetryAttempts"] > 0


def test_reserved_concurrency_throttles_the_second(lambda_server: Endpoint) -> None:
    """Of two invocations at once, a function with a reserved concurrency of 1 runs one."""
    single = botocore_config.Config(retries={"total_max_attempts": 1})
    client = boto3.session.Session(
        aws_access_key_id="AKIA", aws_secret_access_key="none", region_name="us-east-1"
    ).client("lambda", endpoint_url=lambda_server.url, config=single)

    def status(_: int) -> int:
        try:
            answer = client.invoke(FunctionName="One", Payload=b'{"seconds": 2}')
        except client.exceptions.TooManyRequestsException as throttled:
            return int(throttled.response["ResponseMetadata"]["HTTPStatusCode"])
        answer["Payload"].read()
        return int(answer["StatusCode"])

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(status, range(2))) == [200, 429]
    client.close()


@pytest.mark.parametrize("event", [{"fail": True}, {"exit": True}])
def test_a_failed_function_runs_once(
    lambda_client: Any,  # noqa: ANN401
    lambda_server: Endpoint,
    event: dict[str, bool],
) -> None:
    """No client tries again because a function failed or ended."""
    before = len(lambda_server.shown)
    answer = lambda_client.invoke(FunctionName="Counts", Payload=json.dumps(event), LogType="Tail")
    payload(answer)
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert answer["FunctionError"] == "Unhandled"
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0
    lambda_server.wait_for(f"REPORT RequestId: {request_id}", start=before)
    assert lambda_server.shown[before:].count("START RequestId:") == 1


def test_a_stream_comes_chunk_by_chunk(lambda_client: Any, lambda_server: Endpoint) -> None:  # noqa: ANN401
    """The first chunk is there while the function still runs."""
    before = len(lambda_server.shown)
    answer = lambda_client.invoke_with_response_stream(
        FunctionName="Streams", Payload=b'{"parts": 2, "milliseconds": 1500}', LogType="Tail"
    )
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert answer["ResponseStreamContentType"] == "application/vnd.amazon.eventstream"
    events = iter(answer["EventStream"])
    first = next(events)
    assert first == {"PayloadChunk": {"Payload": b"part 0\n"}}
    assert "END RequestId:" not in lambda_server.shown[before:]
    *chunks, complete = events
    assert b"".join(each["PayloadChunk"]["Payload"] for each in chunks) == b"part 1\n"
    tail = base64.b64decode(complete["InvokeComplete"]["LogResult"])
    assert tail.startswith(b"START RequestId: ")
    assert "ErrorCode" not in complete["InvokeComplete"]


def test_a_stream_that_breaks_says_why(lambda_client: Any) -> None:  # noqa: ANN401
    """What came is delivered; the last event has the function's error."""
    answer = lambda_client.invoke_with_response_stream(FunctionName="Breaks")
    chunk, complete = answer["EventStream"]
    assert chunk["PayloadChunk"]["Payload"] == b"half\n"
    assert complete["InvokeComplete"]["ErrorCode"] == "RangeError"
    assert "no stars" in complete["InvokeComplete"]["ErrorDetails"]


def test_any_function_streams_its_result(lambda_client: Any) -> None:  # noqa: ANN401
    """The result of a function that does not stream is one chunk."""
    answer = lambda_client.invoke_with_response_stream(FunctionName="Echo", Payload=b'{"stars": 5}')
    chunk, complete = answer["EventStream"]
    assert json.loads(chunk["PayloadChunk"]["Payload"]) == {"stars": 5}
    assert "ErrorCode" not in complete["InvokeComplete"]


def test_a_stream_over_invoke_is_one_body(lambda_client: Any) -> None:  # noqa: ANN401
    """Invoke gives all of a stream at once."""
    answer = lambda_client.invoke(FunctionName="Streams", Payload=b'{"milliseconds": 1}')
    assert answer["Payload"].read() == b"part 0\npart 1\npart 2\n"


@pytest.mark.parametrize(
    ("event", "condition", "response"),
    [
        pytest.param({}, "Success", {"stars": 5}, id="success"),
        pytest.param({"fail": True}, "RetriesExhausted", "no stars", id="failure"),
    ],
)
def test_a_destination_gets_the_outcome(
    lambda_client: Any,  # noqa: ANN401
    event: dict[str, bool],
    condition: str,
    response: object,
) -> None:
    """A function of the project is told what came of an event, by its request id."""
    queued = lambda_client.invoke(
        FunctionName="Rates", InvocationType="Event", Payload=json.dumps(event)
    )
    assert queued["StatusCode"] == 202
    request_id = queued["ResponseMetadata"]["RequestId"]

    def record() -> dict[str, Any] | None:
        shown = payload(lambda_client.invoke(FunctionName="Inbox", Payload=b'{"show": true}'))
        return next(
            (each for each in shown if each["requestContext"]["requestId"] == request_id), None
        )

    found = eventually(record)
    assert found["requestContext"]["condition"] == condition
    assert found["requestPayload"] == event
    result = found["responsePayload"]
    assert response in (result, result.get("errorMessage"))


def test_a_function_calls_its_neighbour(lambda_client: Any) -> None:  # noqa: ANN401
    """A function's own boto3 finds the server by itself."""
    answer = lambda_client.invoke(FunctionName="CallsNeighbour", Payload=b'{"stars": 5}')
    assert payload(answer) == {"stars": 5}


def test_a_function_calls_itself(lambda_client: Any) -> None:  # noqa: ANN401
    """A function that waits for itself runs in one more environment for each call."""
    answer = lambda_client.invoke(FunctionName="CallsItself", Payload=b'{"calls": 2}')
    assert payload(answer) == {"depth": 2, "refused": None}


def test_pages_and_waiters_work(lambda_client: Any) -> None:  # noqa: ANN401
    """The client's own loops over the API end."""
    pages = lambda_client.get_paginator("list_functions").paginate(
        PaginationConfig={"PageSize": 10}
    )
    names = [each["FunctionName"] for page in pages for each in page["Functions"]]
    assert len(names) == len(set(names)) > 20
    lambda_client.get_waiter("function_active_v2").wait(FunctionName="Echo")
    lambda_client.get_waiter("published_version_active").wait(
        FunctionName="testFunction", Qualifier="2"
    )
