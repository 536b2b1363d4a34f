"""Where the outcome of an asynchronous invocation goes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from samlocal.function import EventInvokeConfig
from samlocal.lambda_api.recursion import MAX_ROUNDS, RecursiveInvocationError, continue_lineage
from tests.functional.lambda_api.asynchronous.fakes import (
    ARN,
    failed,
    function,
    returned,
    throttle,
)

if TYPE_CHECKING:
    from samlocal.invocation import InvocationResult
    from tests.functional.lambda_api.asynchronous.conftest import Open, Queue

HOUR = 3600.0
DAY = 24 * HOUR
QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:failed"
TARGET = function("Target")
TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def sent(queue: Queue) -> object:
    """Return the JSON that follows the one line about what a service would get."""
    (at,) = [at for at, line in enumerate(queue.reported) if line.endswith("would get")]
    record: object = json.loads(queue.reported[at + 1])
    return record


async def test_a_function_gets_the_record_of_a_success(open_queue: Open) -> None:
    """The record is the event of another asynchronous invocation, of which the trace goes on."""
    f = function("F", EventInvokeConfig(on_success=f"{ARN}Target:live", on_failure=QUEUE_ARN))
    async with open_queue(f, TARGET) as queue:
        queue.functions.ends("F", returned(b'{"ok": 1.0}'))
        trace_id = continue_lineage(None, f"{ARN}F")
        request_id = await queue.invoke(f, b'{"big": 12345678901234567890.10}', trace_id=trace_id)
        await queue.clock.advance(HOUR)
    (_, call) = queue.functions.runs[1]
    assert (call.function, call.qualifier) == ("Stack/Target", "live")
    assert call.request_id != request_id
    assert call.trace_id == continue_lineage(trace_id, f"{ARN}Target")
    record = json.loads(call.payload)
    assert re.fullmatch(TIMESTAMP, record.pop("timestamp"))
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{ARN}F:$LATEST",
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"big": 12345678901234567890.10},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": {"ok": 1.0},
    }
    assert b'"requestPayload": {"big": 12345678901234567890.10}' in call.payload
    assert queue.reported == [
        f"asynchronous invocation {request_id} of `F`: `Target` gets the outcome, as {call.request_id}"
    ]


async def test_a_queue_would_get_the_record_of_a_failure(open_queue: Open) -> None:
    """What a service of AWS would get is reported."""
    config = EventInvokeConfig(on_success=f"{ARN}Target", on_failure=QUEUE_ARN)
    f = function("F", configs={"live": config})
    async with open_queue(f, TARGET) as queue:
        queue.functions.ends("F", failed())
        request_id = await queue.invoke(f, qualifier="live")
        await queue.clock.advance(HOUR)
    line = f"asynchronous invocation {request_id} of `F`: the queue `{QUEUE_ARN}` would get"
    assert queue.reported[-2] == line
    record = sent(queue)
    assert isinstance(record, dict)
    assert record["requestContext"] == {
        "requestId": request_id,
        "functionArn": f"{ARN}F:live",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "1",
        "functionError": "Unhandled",
    }
    assert record["responsePayload"] == {"errorMessage": "boom", "errorType": "Oops"}
    assert queue.functions.times("Target") == []


async def test_the_record_of_an_event_that_did_not_run(open_queue: Open) -> None:
    """With no reserved concurrency there is no response, as recorded on AWS."""
    f = function("F", EventInvokeConfig(on_failure=QUEUE_ARN), reserved_concurrency=0)
    async with open_queue(f) as queue:
        request_id = await queue.invoke(f, b"{}")
        await queue.clock.advance(1)
    record = sent(queue)
    assert isinstance(record, dict)
    del record["timestamp"]
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{ARN}F:$LATEST",
            "condition": "ZeroReservedConcurrency",
            "approximateInvokeCount": 0,
        },
        "requestPayload": {},
    }


async def test_the_record_of_an_event_that_is_too_old(open_queue: Open) -> None:
    """The error of its only run is in the record, as recorded on AWS."""
    f = function("F", EventInvokeConfig(max_age_seconds=60, on_failure=QUEUE_ARN))
    async with open_queue(f) as queue:
        queue.functions.ends("F", failed())
        await queue.invoke(f)
        await queue.clock.advance(1)
    record = sent(queue)
    assert isinstance(record, dict)
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responsePayload"] == {"errorMessage": "boom", "errorType": "Oops"}


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        pytest.param(b"null", None, id="null"),
        pytest.param(b"", "", id="empty"),
        pytest.param(b"hello", "hello", id="text"),
        pytest.param(b"NaN", "NaN", id="not a number"),
        pytest.param(b"\xff", "�", id="not UTF-8"),
    ],
)
async def test_a_response_that_is_no_json(
    open_queue: Open, response: bytes, expected: str | None
) -> None:
    """The record is JSON, whatever the function returns."""
    f = function("F", EventInvokeConfig(on_success=QUEUE_ARN))
    async with open_queue(f) as queue:
        queue.functions.ends("F", returned(response))
        await queue.invoke(f)
        await queue.clock.advance(1)
    record = sent(queue)
    assert isinstance(record, dict)
    assert record["responsePayload"] == expected


async def test_an_event_bus_would_get_an_event(open_queue: Open) -> None:
    """The record is the detail of an event with Lambda's source and type."""
    bus = "arn:aws:events:us-east-1:123456789012:event-bus/default"
    f = function("F", EventInvokeConfig(on_success=bus, on_failure=bus))
    async with open_queue(f) as queue:
        await queue.invoke(f)
        await queue.clock.advance(1)
    event = sent(queue)
    assert isinstance(event, dict)
    assert event.pop("detail")["version"] == "1.0"
    assert event == {
        "source": "lambda",
        "detail-type": "Lambda Function Invocation Result - Success",
        "resources": [bus, f"{ARN}F:$LATEST"],
    }


@pytest.mark.parametrize(
    ("arn", "place"),
    [
        (
            "arn:aws:s3:::bucket",
            r"the bucket `.*`, under `aws/lambda/async/F/\d{4}/\d\d/\d\d/[-\dT.]{19}-[\da-f-]{36}`,",
        ),
        ("arn:aws:sns:us-east-1:123456789012:t", "the topic `arn:aws:sns:us-east-1:.*:t`"),
        (f"{ARN}Other", f"the function `{ARN}Other`"),
        (f"{ARN}Target".replace("us-east-1", "eu-west-1"), "the function `.*eu-west-1.*`"),
        (f"{ARN}Target".replace("123456789012", "999999999999"), "the function `.*999999999999.*`"),
        ("arn:aws:lambda:us-east-1:123456789012:layer:Target", "the function `.*`"),
        ("arn:x", "the target `arn:x`"),
    ],
)
async def test_what_is_not_on_this_machine_would_get_the_record(
    open_queue: Open, arn: str, place: str
) -> None:
    """Only a function of the project, in its Region and account, is invoked."""
    f = function("F", EventInvokeConfig(on_success=arn))
    async with open_queue(f, TARGET) as queue:
        request_id = await queue.invoke(f)
        await queue.clock.advance(1)
        line = f"asynchronous invocation {request_id} of `F`: {place} would get"
        assert re.fullmatch(line, queue.reported[0])
        assert queue.functions.times("Target") == []


@pytest.mark.parametrize(
    ("end", "message", "code"),
    [
        pytest.param(failed("é" * 600), "é" * 512, "200", id="error, its first KB"),
        pytest.param(throttle(), "Rate Exceeded.", "429", id="throttled"),
    ],
)
async def test_a_dead_letter_is_the_event_itself(
    open_queue: Open, end: InvocationResult | Exception, message: str, code: str
) -> None:
    """The queue gets the event, and attributes that say why it failed."""
    f = function("F", dead_letter=QUEUE_ARN)
    async with open_queue(f) as queue:
        queue.functions.ends("F", end)
        request_id = await queue.invoke(f, b'{"order": 7}')
        await queue.clock.advance(DAY)
    assert sent(queue) == {
        "MessageBody": '{"order": 7}',
        "MessageAttributes": {
            "RequestID": {"DataType": "String", "StringValue": request_id},
            "ErrorCode": {"DataType": "Number", "StringValue": code},
            "ErrorMessage": {"DataType": "String", "StringValue": message},
        },
    }


async def test_destination_and_dead_letters_both_get_a_failure(open_queue: Open) -> None:
    """A function may have both, and both may be functions of the project."""
    f = function(
        "F",
        EventInvokeConfig(max_retries=0, on_failure=f"{ARN}Target"),
        dead_letter=f"{ARN}Target",
    )
    async with open_queue(f, TARGET) as queue:
        queue.functions.ends("F", failed())
        await queue.invoke(f, b"[7]")
        await queue.clock.advance(1)
    record, letter = queue.functions.payloads("Target")
    assert json.loads(record)["requestPayload"] == [7]
    assert letter == b"[7]"


async def test_a_success_is_no_dead_letter(open_queue: Open) -> None:
    """Neither the dead letter queue nor the destination for failures hears of a success."""
    f = function("F", EventInvokeConfig(on_failure=QUEUE_ARN), dead_letter=QUEUE_ARN)
    async with open_queue(f) as queue:
        await queue.invoke(f)
        await queue.clock.advance(HOUR)
    assert queue.reported == []


async def test_a_function_that_is_its_own_destination_ends(open_queue: Open) -> None:
    """A loop of destinations runs 16 times; then the event goes where failed events go."""
    f = function("F", EventInvokeConfig(on_success=f"{ARN}F", on_failure=f"{ARN}Target"))
    async with open_queue(f, TARGET) as queue:
        await queue.invoke(f, b"1", trace_id=continue_lineage(None, f"{ARN}F"))
        await queue.clock.advance(HOUR)
    assert len(queue.functions.times("F")) == MAX_ROUNDS
    (record,) = queue.functions.payloads("Target")
    assert json.loads(record)["responseContext"]["statusCode"] == 400
    assert any("recursive loop" in line for line in queue.reported)


async def test_a_refused_event_goes_to_the_dead_letters(open_queue: Open) -> None:
    """An event that a function sends to itself for the seventeenth time does not run."""
    f = function("F", dead_letter=QUEUE_ARN)
    async with open_queue(f) as queue:
        await queue.invoke(f, refused=RecursiveInvocationError("a recursive loop"))
        await queue.clock.advance(HOUR)
        assert queue.functions.runs == []
    message = sent(queue)
    assert isinstance(message, dict)
    attributes = message["MessageAttributes"]
    assert attributes["ErrorCode"]["StringValue"] == "400"
    assert attributes["ErrorMessage"]["StringValue"] == "a recursive loop"


@pytest.mark.parametrize(
    ("arn", "response", "why"),
    [
        pytest.param(f"{ARN}Target:gone", b"1", "Function not found: .*Target:gone", id="no alias"),
        pytest.param(
            f"{ARN}Target", b'"%s"' % (b"x" * 2**20), r"\d+ bytes are more than .*", id="too large"
        ),
    ],
)
async def test_a_record_that_cannot_be_delivered(
    open_queue: Open, arn: str, response: bytes, why: str
) -> None:
    """What Lambda could not deliver either is reported."""
    f = function("F", EventInvokeConfig(on_success=arn))
    async with open_queue(f, TARGET) as queue:
        queue.functions.ends("F", returned(response))
        await queue.invoke(f)
        await queue.clock.advance(1)
        assert queue.functions.times("Target") == []
    (line,) = queue.reported
    assert re.search(f"`Target` does not get the outcome: .*{why}", line)


async def test_a_large_record_is_cut_in_the_report(open_queue: Open) -> None:
    """A record of megabytes does not flood the terminal."""
    f = function("F", EventInvokeConfig(on_success=QUEUE_ARN))
    async with open_queue(f) as queue:
        queue.functions.ends("F", returned(b'"%s"' % (b"x" * 2**20)))
        await queue.invoke(f)
        await queue.clock.advance(1)
    assert re.search(r"x… \(\d+ more characters\)$", queue.reported[1])
    assert len(queue.reported[1]) < 20_000
