from __future__ import annotations

from dataclasses import replace

from samlocal.runtime_api.extension_events import invoke_event, shutdown_event
from tests.functional.execution.fakes import invocation


def test_invoke_event() -> None:
    """The event of an invocation has the fields of the Extensions API's documentation."""
    assert invoke_event(invocation(), 1_700_000_000_000) == {
        "eventType": "INVOKE",
        "deadlineMs": 1_700_000_000_000,
        "requestId": "id-1",
        "invokedFunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:Ratings",
        "tracing": {
            "type": "X-Amzn-Trace-Id",
            "value": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
        },
    }


def test_invoke_event_without_a_trace() -> None:
    """An invocation without a trace has no `tracing`."""
    assert "tracing" not in invoke_event(replace(invocation(), trace_id=""), 1)


def test_shutdown_event() -> None:
    """The reason is in lower case, as Lambda sends it."""
    assert shutdown_event("spindown", 1_700_000_002_000) == {
        "eventType": "SHUTDOWN",
        "shutdownReason": "spindown",
        "deadlineMs": 1_700_000_002_000,
    }
