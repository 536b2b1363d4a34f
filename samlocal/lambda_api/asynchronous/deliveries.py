"""Takes the outcome of an asynchronous invocation to its destination and to its dead letter queue.

Functions of the project get it as the event of another asynchronous invocation. There are no queues, topics,
event buses and buckets on this machine: what they would get is reported.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

from samlocal.errors import SamlocalError
from samlocal.events import MAX_ASYNCHRONOUS_EVENT_BYTES
from samlocal.lambda_api.asynchronous.records import dead_letter_attributes, invocation_record
from samlocal.lambda_api.recursion import RecursiveInvocationError, continue_lineage
from samlocal.qualifier import function_arn, qualify
from samlocal.serving.function_call import FunctionCall

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.function import Function
    from samlocal.lambda_api.asynchronous.queued_event import QueuedEvent
    from samlocal.lambda_api.asynchronous.records import Outcome

_MAX_SHOWN_CHARACTERS: Final = 16 * 1024
_ARN_PARTS: Final = 6
_KINDS: Final = {
    "events": "the event bus",
    "lambda": "the function",
    "s3": "the bucket",
    "sns": "the topic",
    "sqs": "the queue",
}


class FindFunction(Protocol):
    async def find(self, name: str) -> Function: ...


class Enqueue(Protocol):
    def __call__(
        self, function: Function, call: FunctionCall, *, refused: SamlocalError | None = None
    ) -> None: ...


class Deliveries:
    """Delivers outcomes; `enqueue` takes the events for functions of the project."""

    def __init__(
        self, functions: FindFunction, *, report: Callable[[str], None], enqueue: Enqueue
    ) -> None:
        self._functions = functions
        self._report = report
        self._enqueue = enqueue

    async def deliver(self, event: QueuedEvent, outcome: Outcome) -> None:
        """Deliver an outcome to the destination for it and, if the invocation failed, as a dead letter."""
        config = event.config
        if arn := config.on_success if outcome.is_success else config.on_failure:
            await self._to_destination(event, outcome, arn)
        if (arn := event.function.dead_letter) and not outcome.is_success:
            await self._to_dead_letters(event, outcome, arn)

    async def _to_destination(self, event: QueuedEvent, outcome: Outcome, arn: str) -> None:
        now = datetime.now(UTC)
        record = invocation_record(event, outcome, now)
        if not await self._to_function(event, arn, record.encode()):
            place = _place(event, arn, now)
            self._say(f"{event}: {place} would get", _message(arn, event, outcome, record))

    async def _to_dead_letters(self, event: QueuedEvent, outcome: Outcome, arn: str) -> None:
        if not await self._to_function(event, arn, event.call.payload):
            message = {
                "Message" if _service(arn) == "sns" else "MessageBody": event.call.payload.decode(
                    errors="replace"
                ),
                "MessageAttributes": dead_letter_attributes(event, outcome),
            }
            self._say(f"{event}: {_kind(arn)} `{arn}` would get", json.dumps(message))

    def _say(self, line: str, text: str) -> None:
        self._report(line)
        more = len(text) - _MAX_SHOWN_CHARACTERS
        self._report(
            text if more <= 0 else f"{text[:_MAX_SHOWN_CHARACTERS]}… ({more} more characters)"
        )

    async def _to_function(self, event: QueuedEvent, arn: str, payload: bytes) -> bool:
        """Invoke the function with that ARN; return false if the project has none."""
        function, qualifier = await self._find(arn)
        if function is None:
            return False
        call = FunctionCall(
            function=function.full_path,
            payload=payload,
            request_id=str(uuid.uuid4()),
            qualifier=qualifier,
            trace_id=event.call.trace_id,
        )
        if len(payload) > MAX_ASYNCHRONOUS_EVENT_BYTES:
            self._report(
                f"{event}: `{function.name}` does not get the outcome: {len(payload)} bytes are more than"
                f" the {MAX_ASYNCHRONOUS_EVENT_BYTES} of an asynchronous invocation"
            )
            return True
        try:
            qualify(function, qualifier)
            self._put(function, call)
        except SamlocalError as error:
            self._report(f"{event}: `{function.name}` does not get the outcome: {error}")
        else:
            self._report(f"{event}: `{function.name}` gets the outcome, as {call.request_id}")
        return True

    def _put(self, function: Function, call: FunctionCall) -> None:
        try:
            trace_id = continue_lineage(
                call.trace_id, function_arn(function), is_allowed=function.allows_recursion
            )
        except RecursiveInvocationError as error:
            self._enqueue(function, call, refused=error)
        else:
            self._enqueue(function, replace(call, trace_id=trace_id))

    async def _find(self, arn: str) -> tuple[Function | None, str | None]:
        """Return the function of the project with that ARN, and the qualifier in it."""
        parts = arn.split(":", _ARN_PARTS)
        if len(parts) <= _ARN_PARTS or parts[2] != "lambda" or parts[5] != "function":
            return None, None
        name, _, qualifier = parts[6].partition(":")
        try:
            function = await self._functions.find(name)
        except SamlocalError:
            return None, None
        if function_arn(function) != ":".join((*parts[:6], name)):
            return None, None
        return function, qualifier or None


def _message(arn: str, event: QueuedEvent, outcome: Outcome, record: str) -> str:
    """Return what a service gets: the record or, on an event bus, an event with the record as its detail."""
    if _service(arn) != "events":
        return record
    kind = "Success" if outcome.is_success else "Failure"
    head = {
        "source": "lambda",
        "detail-type": f"Lambda Function Invocation Result - {kind}",
        "resources": [arn, event.arn],
    }
    return f'{json.dumps(head)[:-1]}, "detail": {record}}}'


def _place(event: QueuedEvent, arn: str, at: datetime) -> str:
    if _service(arn) != "s3":
        return f"{_kind(arn)} `{arn}`"
    key = f"aws/lambda/async/{event.function.name}/{at:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
    return f"the bucket `{arn}`, under `{key}`,"


def _kind(arn: str) -> str:
    return _KINDS.get(_service(arn), "the target")


def _service(arn: str) -> str:
    return arn.split(":")[2] if arn.count(":") > 1 else ""
