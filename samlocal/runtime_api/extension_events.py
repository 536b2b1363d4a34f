"""The events that extensions get.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html#extensions-api-next
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.invocation import Invocation

ShutdownReason = Literal["spindown", "timeout", "failure"]


def invoke_event(invocation: Invocation, deadline_ms: int) -> Mapping[str, object]:
    """Return the event that an invocation begins; `deadline_ms` is the function's, as Unix time."""
    event: dict[str, object] = {
        "eventType": "INVOKE",
        "deadlineMs": deadline_ms,
        "requestId": invocation.request_id,
        "invokedFunctionArn": invocation.function_arn,
    }
    if invocation.trace_id:
        event["tracing"] = {"type": "X-Amzn-Trace-Id", "value": invocation.trace_id}
    return event


def shutdown_event(reason: ShutdownReason, deadline_ms: int) -> Mapping[str, object]:
    """Return the event that the environment ends; at `deadline_ms`, Unix time, extensions are killed."""
    return {"eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": deadline_ms}
