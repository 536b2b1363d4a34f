"""Invoke, InvokeAsync: what boto3 sees of them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.functional.lambda_api.fakes import ACCOUNT_ID, ERROR_BODY, REGION

if TYPE_CHECKING:
    from tests.functional.lambda_api.aws import Aws
    from tests.functional.lambda_api.conftest import Endpoint

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function"


@pytest.mark.parametrize(
    "name",
    [
        "Echo",
        "function:Echo",
        f"{ACCOUNT_ID}:function:Echo",
        f"{REGION}:{ACCOUNT_ID}:function:Echo",
        f"{ARN}:Echo",
        "Echo:live",
        f"{ARN}:Echo:$LATEST",
    ],
)
def test_forms_of_a_name(aws: Aws, name: str) -> None:
    """A function has a name, an ARN and partial ARNs, each with a qualifier or without."""
    response = aws.invoke(name, Payload=b'{"a": 1}')

    assert response.status == 200
    assert response.content == {"a": 1}


@pytest.mark.parametrize("name", ["Renamed", "real-name", "Stack/Nested/Inner", "Inner"])
def test_names_of_the_template(aws: Aws, name: str) -> None:
    """A logical ID, a name in AWS and a path through nested stacks name a function."""
    assert aws.invoke(name, Payload=b"1").status == 200


@pytest.mark.parametrize(
    ("request_", "version", "qualifier"),
    [
        pytest.param({"name": "Describes"}, "$LATEST", None, id="none"),
        pytest.param({"name": "Describes:live"}, "1", "live", id="in-the-name"),
        pytest.param({"name": "Describes", "Qualifier": "live"}, "1", "live", id="parameter"),
        pytest.param({"name": "Describes:1", "Qualifier": "1"}, "1", "1", id="twice"),
        pytest.param(
            {"name": "Describes", "Qualifier": "$LATEST"}, "$LATEST", "$LATEST", id="latest"
        ),
    ],
)
def test_qualifier(aws: Aws, request_: dict[str, str], version: str, qualifier: str | None) -> None:
    """The function is called with the qualifier as it was given, and the answer names the version."""
    response = aws.invoke(**request_)

    assert response.members["ExecutedVersion"] == version
    assert response.content["qualifier"] == qualifier


def test_headers(aws: Aws) -> None:
    """An answer has the request ID of the function, its trace and the content type."""
    response = aws.invoke("Describes")
    headers, seen = response.headers, response.content

    assert headers["x-amzn-requestid"] == seen["request_id"]
    assert headers["x-amzn-trace-id"] == seen["trace_id"]
    assert headers["content-type"] == "application/json"
    assert "FunctionError" not in response.members
    assert "LogResult" not in response.members


def test_empty_payload(aws: Aws) -> None:
    """A function without an event gets an empty object."""
    assert aws.invoke("Echo").content == {}
    assert aws.invoke("Echo", Payload=b"").content == {}


def test_payload_is_unchanged(aws: Aws) -> None:
    """Event and result pass byte for byte."""
    payload = '{ "a" : 1e400, "big": 123456789012345678901234567890, "é": "\\ud800" }'.encode()

    assert aws.invoke("Echo", Payload=payload).payload == payload


def test_function_error(aws: Aws) -> None:
    """An error of the function is an answer of status 200 with what the runtime reported."""
    response = aws.invoke("Fails", LogType="Tail")

    assert response.status == 200
    assert response.members["FunctionError"] == "Unhandled"
    assert response.members["ExecutedVersion"] == "$LATEST"
    assert response.payload == ERROR_BODY
    assert base64.b64decode(response.members["LogResult"]) == b"it fails\n"


def test_result_that_looks_like_an_error(aws: Aws) -> None:
    """The shape of a result does not make it an error."""
    response = aws.invoke("LooksFailed")

    assert "FunctionError" not in response.members
    assert response.content == {"errorMessage": "x", "errorType": "y"}


def test_large_result_of_a_stream(aws: Aws) -> None:
    """Only a response that is streamed may be larger than 6 MiB and 100 bytes."""
    limit = 6 * 1024 * 1024 + 100
    assert aws.invoke("Gathers", Payload=b"%d" % limit).payload == bytes(limit)
    response = aws.invoke("Gathers", Payload=b"%d" % (limit + 1))

    assert response.members["FunctionError"] == "Unhandled"
    assert response.content == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }


def test_log_tail(aws: Aws) -> None:
    """`Tail` returns the log of this invocation."""
    response = aws.invoke("Echo", LogType="Tail", Payload=b"12")
    request_id = response.headers["x-amzn-requestid"]

    assert base64.b64decode(response.members["LogResult"]).decode().splitlines() == [
        f"START RequestId: {request_id} Version: $LATEST",
        "the event has 2 bytes",
        f"END RequestId: {request_id}",
    ]


@pytest.mark.parametrize(
    "context",
    [
        pytest.param('{"client": {}, "custom": {"a": "b"}, "env": {}}', id="parts"),
        pytest.param('{"other": 1}', id="other-members"),
        pytest.param("{}", id="empty"),
    ],
)
def test_client_context(aws: Aws, context: str) -> None:
    """The client context reaches the function as it is."""
    encoded = base64.b64encode(context.encode()).decode()

    response = aws.invoke("Describes", ClientContext=encoded)

    assert response.content["client_context"] == context


def test_client_context_beyond_ascii(aws: Aws) -> None:
    """A client context that no header can carry is written with escapes."""
    encoded = base64.urlsafe_b64encode('{"custom":\n{"ß": "?>?>"}}'.encode()).decode()

    response = aws.invoke("Describes", ClientContext=encoded.rstrip("="))

    assert response.content["client_context"] == r'{"custom": {"\u00df": "?>?>"}}'


@pytest.mark.parametrize(
    "context",
    [
        pytest.param("%%%", id="not-base64"),
        pytest.param("e30x=", id="bad-padding"),
        pytest.param("/w==", id="not-utf-8"),
        pytest.param(base64.b64encode(b"{").decode(), id="not-json"),
        pytest.param(base64.b64encode(b"[1]").decode(), id="not-an-object"),
        pytest.param(base64.b64encode(b'{"a":' + b"[" * 2000).decode(), id="deep"),
        pytest.param(base64.b64encode(b'{"a": "' + b"b" * 2700 + b'"}').decode(), id="large"),
    ],
)
def test_malformed_client_context(aws: Aws, context: str) -> None:
    """A client context is a JSON object in at most 3583 bytes of base64."""
    error = aws.refusal("invoke", FunctionName="Describes", ClientContext=context)

    assert error.status == 400
    assert error.code == "InvalidRequestContentException"
    assert error.message.startswith("Client context must be")


def test_tenant(aws: Aws) -> None:
    """A function that isolates tenants is called with the tenant's ID."""
    response = aws.invoke("Isolated", TenantId="blue")

    assert response.content["tenant_id"] == "blue"


@pytest.mark.parametrize(
    ("name", "tenant", "code"),
    [
        pytest.param("Isolated", None, "InvalidParameterValueException", id="missing"),
        pytest.param("Echo", "blue", "InvalidParameterValueException", id="not-isolated"),
        pytest.param("Isolated", "?", "ValidationException", id="malformed"),
    ],
)
def test_wrong_tenant(aws: Aws, name: str, tenant: str | None, code: str) -> None:
    """A tenant ID is for functions that isolate tenants, which need one."""
    given = {} if tenant is None else {"TenantId": tenant}
    error = aws.refusal("invoke", FunctionName=name, **given)

    assert (error.status, error.code) == (400, code)


def test_event(aws: Aws, endpoint: Endpoint) -> None:
    """An event goes to the queue; the answer is empty, with the request ID that the function gets."""
    response = aws.invoke("Echo:live", InvocationType="Event", Payload=b"[1]", ClientContext="%")
    function, call = endpoint.events.events[-1]

    assert response.status == 202
    assert response.payload == b""
    assert "ExecutedVersion" not in response.members
    assert call.request_id == response.headers["x-amzn-requestid"]
    assert (function.logical_id, call.qualifier, call.payload) == ("Echo", "live", b"[1]")
    assert call.client_context is None


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_invoke_async(aws: Aws, endpoint: Endpoint) -> None:
    """The old operation puts an event into the queue."""
    response = aws.call("invoke_async", FunctionName="Echo", InvokeArgs=b'{"old": true}')

    assert response["Status"] == 202
    assert endpoint.events.events[-1][1].payload == b'{"old": true}'


def test_dry_run(aws: Aws, endpoint: Endpoint) -> None:
    """A dry run checks the request, and runs nothing."""
    before = len(endpoint.functions.calls)
    response = aws.invoke("Echo", InvocationType="DryRun")

    assert response.status == 204
    assert "ExecutedVersion" not in response.members
    assert len(endpoint.functions.calls) == before
    error = aws.refusal("invoke", FunctionName="Missing", InvocationType="DryRun")
    assert error.status == 404


def test_lineage(aws: Aws) -> None:
    """The trace that a function sees counts its rounds."""
    assert "Lineage=" in aws.invoke("Describes").content["trace_id"]


def test_payload_of_the_greatest_size(aws: Aws, endpoint: Endpoint) -> None:
    """Lambda takes 6 MiB, and 1 MiB as an event."""
    payload = b'"' + b"x" * (6 * 1024 * 1024 - 2) + b'"'
    assert aws.invoke("Echo", Payload=payload).payload == payload

    aws.invoke("Echo", InvocationType="Event", Payload=b"1" * 1024 * 1024)
    assert len(endpoint.events.events[-1][1].payload) == 1024 * 1024


def test_answer_before_the_end_of_the_invocation(endpoint: Endpoint, aws: Aws) -> None:
    """A client has its answer at the end of the response, while extensions still work."""
    ended = endpoint.functions.ended
    endpoint.loop.call_soon_threadsafe(endpoint.functions.may_answer.clear)
    response = aws.invoke("Lingers", Payload=b'"here"')

    assert response.payload == b'"here"'
    assert endpoint.functions.ended == ended
    endpoint.loop.call_soon_threadsafe(endpoint.functions.may_answer.set)
    endpoint.wait_until(lambda: endpoint.functions.ended == ended + 1)


def test_end_of_the_log_waits_for_the_end_of_the_invocation(endpoint: Endpoint, aws: Aws) -> None:
    """A client that wants the log gets its answer when the log is complete."""
    ended = endpoint.functions.ended
    endpoint.loop.call_soon_threadsafe(endpoint.functions.may_answer.set)
    aws.invoke("Lingers", Payload=b'"here"', LogType="Tail")

    assert endpoint.functions.ended == ended + 1
