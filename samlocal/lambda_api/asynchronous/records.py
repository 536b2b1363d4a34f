"""What Lambda tells a destination and a dead letter queue about an asynchronous invocation.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Literal

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from datetime import datetime

    from samlocal.lambda_api.asynchronous.queued_event import QueuedEvent

Condition = Literal["Success", "RetriesExhausted", "EventAgeExceeded", "ZeroReservedConcurrency"]

_MAX_MESSAGE_BYTES: Final = 1024
_FUNCTION_ERROR: Final = "Unhandled"


@frozen
class Outcome:
    """The end of an asynchronous invocation.

    `status_code` is that of the last attempt, None if the function must not run. `payload` is what the function
    returned, or its error as JSON, None if it did not run then. `message` says why the invocation failed, and
    `error_type` is the type of the function's error, if it was one.
    """

    condition: Condition
    status_code: int | None = None
    payload: bytes | None = None
    message: str = ""
    error_type: str = ""

    @property
    def is_success(self) -> bool:
        return self.condition == "Success"

    @property
    def reason(self) -> str:
        """Why the invocation failed, with the type of the error."""
        return f"{self.error_type}: {self.message}" if self.error_type else self.message


def invocation_record(event: QueuedEvent, outcome: Outcome, at: datetime) -> str:
    """Return the JSON that a destination gets; payloads are in it as they are."""
    context = {
        "requestId": event.call.request_id,
        "functionArn": event.arn,
        "condition": outcome.condition,
        "approximateInvokeCount": event.attempts,
    }
    members = {
        "version": json.dumps("1.0"),
        "timestamp": json.dumps(f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"),
        "requestContext": json.dumps(context),
        "requestPayload": _as_json(event.call.payload),
    }
    if outcome.status_code is not None:
        response = {"statusCode": outcome.status_code, "executedVersion": event.version}
        if outcome.payload is not None and not outcome.is_success:
            response["functionError"] = _FUNCTION_ERROR
        members["responseContext"] = json.dumps(response)
    if outcome.payload is not None:
        members["responsePayload"] = _as_json(outcome.payload)
    return "{" + ", ".join(f"{json.dumps(name)}: {text}" for name, text in members.items()) + "}"


def dead_letter_attributes(event: QueuedEvent, outcome: Outcome) -> dict[str, dict[str, str]]:
    """Return the message attributes that come with an event in a dead letter queue.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
    """
    message = outcome.message.encode()[:_MAX_MESSAGE_BYTES].decode(errors="ignore")
    attributes = {"RequestID": _attribute("String", event.call.request_id)}
    if outcome.status_code is not None:
        attributes["ErrorCode"] = _attribute("Number", str(outcome.status_code))
    return {**attributes, "ErrorMessage": _attribute("String", message)}


def _attribute(kind: str, value: str) -> dict[str, str]:
    return {"DataType": kind, "StringValue": value}


def _as_json(payload: bytes) -> str:
    """Return a payload unchanged, or as a JSON string if it is no JSON."""
    text = payload.decode(errors="replace")
    try:
        json.loads(text, parse_constant=_refuse, parse_float=str)
    except (ValueError, RecursionError):
        return json.dumps(text)
    return text


def _refuse(constant: str) -> None:
    raise ValueError(constant)
