"""The AWS SDK for JavaScript against a server of the Lambda API."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.docker.aws_clients import JavaScriptClient


def test_a_function_is_invoked(javascript: JavaScriptClient) -> None:
    """The client sends members as they are, and gets the result after one try."""
    context = base64.b64encode(b'{"custom": {"shop": "tea"}}').decode()
    answer = javascript(
        "InvokeCommand",
        FunctionName="arn:aws:lambda:us-east-1:123456789012:function:shop-context:live",
        Payload='{"stars": 5}',
        ClientContext=context,
        LogType="Tail",
    )
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "1"
    assert answer["$metadata"]["attempts"] == 1
    result = json.loads(answer["Payload"])
    assert result["requestId"] == answer["$metadata"]["requestId"]
    assert result["custom"] == {"shop": "tea"}
    assert base64.b64decode(answer["LogResult"]).startswith(b"START RequestId: ")


@pytest.mark.parametrize("function", ["Fails", "NodeFails", "Exits", "TimesOut"])
def test_a_failed_function_is_an_answer(javascript: JavaScriptClient, function: str) -> None:
    """The client throws nothing, and does not try again."""
    answer = javascript("InvokeCommand", FunctionName=function)
    assert answer["FunctionError"] == "Unhandled"
    assert answer["$metadata"]["attempts"] == 1


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("ResourceNotFoundException", {"FunctionName": "nobody"}),
        ("InvalidRequestContentException", {"FunctionName": "Echo", "Payload": "{"}),
        ("InvalidParameterValueException", {"FunctionName": "Echo", "TenantId": "blue"}),
        ("TooManyRequestsException", {"FunctionName": "None"}),
    ],
)
def test_errors_are_of_the_clients_classes(
    javascript: JavaScriptClient, name: str, members: dict[str, str]
) -> None:
    """`instanceof` works as with AWS."""
    thrown = javascript("InvokeCommand", **members)
    assert (thrown["error"], thrown["isOfSdk"]) == (name, True)
    assert thrown["Type"] == "User"


def test_an_event_and_a_dry_run_have_no_result(javascript: JavaScriptClient) -> None:
    """The client copes with the empty answers."""
    event = javascript("InvokeCommand", FunctionName="Echo", InvocationType="Event")
    dry_run = javascript("InvokeCommand", FunctionName="Echo", InvocationType="DryRun")
    assert (event["StatusCode"], dry_run["StatusCode"]) == (202, 204)
    assert not event.get("Payload")
    assert "ExecutedVersion" not in event


def test_a_stream_is_read(javascript: JavaScriptClient) -> None:
    """The client reads the chunks of a stream, whose checksums it verifies."""
    answer = javascript("InvokeWithResponseStreamCommand", FunctionName="Streams")
    *chunks, complete = answer["EventStream"]
    assert "".join(each["PayloadChunk"]["Payload"] for each in chunks) == "part 0\npart 1\npart 2\n"
    assert "InvokeComplete" in complete


def test_what_clients_ask_besides_is_answered(javascript: JavaScriptClient) -> None:
    """The older event and the descriptions work too."""
    queued = javascript("InvokeAsyncCommand", FunctionName="Echo", InvokeArgs='{"stars": 5}')
    function = javascript("GetFunctionCommand", FunctionName="Echo")
    listed = javascript("ListFunctionsCommand")
    assert queued["Status"] == 202
    assert function["Configuration"]["State"] == "Active"
    assert "Echo" in [each["FunctionName"] for each in listed["Functions"]]
