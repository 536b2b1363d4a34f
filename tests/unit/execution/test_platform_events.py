"""Each event's JSON form, field by field.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

import pytest

from samlocal.execution import platform_events as events
from samlocal.execution.logs_api_events import logs_api_events
from samlocal.function_configuration import FunctionConfiguration
from samlocal.invocation import Invocation, Report, Span

if TYPE_CHECKING:
    from samlocal.execution.logs_api_events import LogsSchema
    from samlocal.execution.platform_events import PlatformEvent

AT: Final = datetime(2026, 11, 26, 10, 0, 0, 123_456, tzinfo=UTC)
SHOWN: Final = "2026-11-26T10:00:00.123Z"
CONFIGURATION: Final = FunctionConfiguration(
    name="Ratings",
    arn="arn:aws:lambda:us-east-1:123456789012:function:Ratings",
    account_id="123456789012",
    memory_mb=256,
    runtime_version="python:3.13",
    log_stream="2026/11/26/[$LATEST]abc",
)
INVOCATION: Final = Invocation(
    request_id="id-1",
    payload=b"{}",
    function_arn=CONFIGURATION.arn,
    trace_id="Root=1-62e900b2-710d76f009d6e7785905449a;Parent=0efbd19962d95b05;Sampled=1",
)
UNSAMPLED: Final = replace(
    INVOCATION, trace_id="Root=1-62e9;Parent=0ef;Sampled=0", tenant_id="acme"
)
SPANS: Final = (
    Span(name="responseLatency", start=AT, duration_ms=23.021),
    Span(name="responseDuration", start=AT, duration_ms=20),
    Span(name="runtimeOverhead", start=AT, duration_ms=0.51249),
    Span(name="extensionOverhead", start=AT, duration_ms=26.5),
)
REPORT: Final = Report(
    request_id="id-1",
    duration_ms=147.1561,
    memory_size_mb=256,
    max_memory_used_mb=91,
    init_duration_ms=20.5,
    spans=SPANS,
)

_ENVIRONMENT: Final = {
    "functionName": "Ratings",
    "functionVersion": "$LATEST",
    "instanceId": "2026/11/26/[$LATEST]abc",
    "instanceMaxMemory": 268435456,
    "runtimeVersion": "python:3.13",
}
_TRACING: Final = {
    "tracing": {
        "spanId": "0efbd19962d95b05",
        "type": "X-Amzn-Trace-Id",
        "value": INVOCATION.trace_id,
    }
}
_METRICS: Final = {
    "durationMs": 147.156,
    "billedDurationMs": 168,
    "memorySizeMB": 256,
    "maxMemoryUsedMB": 91,
    "initDurationMs": 20.5,
}


def _span(name: str, duration: float) -> dict[str, object]:
    return {"name": name, "start": SHOWN, "durationMs": duration}


_RUNTIME_SPANS: Final = [
    _span("responseLatency", 23.021),
    _span("responseDuration", 20.0),
    _span("runtimeOverhead", 0.512),
]


@pytest.mark.parametrize(
    ("event", "event_type", "record"),
    [
        pytest.param(
            events.init_start(CONFIGURATION, at=AT),
            "platform.initStart",
            {"initializationType": "on-demand", "phase": "init", **_ENVIRONMENT},
            id="init start",
        ),
        pytest.param(
            events.init_start(
                replace(CONFIGURATION, runtime_version=None, initialization_type="snap-start"),
                at=AT,
                phase="invoke",
            ),
            "platform.initStart",
            {
                "initializationType": "snap-start",
                "phase": "invoke",
                **{name: _ENVIRONMENT[name] for name in _ENVIRONMENT if name != "runtimeVersion"},
            },
            id="init start of an image, again",
        ),
        pytest.param(
            events.init_runtime_done(CONFIGURATION, at=AT),
            "platform.initRuntimeDone",
            {"initializationType": "on-demand", "phase": "init", "status": "success"},
            id="init runtime done",
        ),
        pytest.param(
            events.init_report(
                CONFIGURATION,
                at=AT,
                duration_ms=125.33,
                status="error",
                error_type="Runtime.ExitError",
            ),
            "platform.initReport",
            {
                "initializationType": "on-demand",
                "phase": "init",
                "status": "error",
                "errorType": "Runtime.ExitError",
                "metrics": {"durationMs": 125.33},
            },
            id="init report",
        ),
        pytest.param(
            events.extension("watch.sh", at=AT, state="Ready", events={"SHUTDOWN", "INVOKE"}),
            "platform.extension",
            {"name": "watch.sh", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]},
            id="extension",
        ),
        pytest.param(
            events.extension(
                "watch.sh", at=AT, state="LaunchError", events=(), error_type="PermissionDenied"
            ),
            "platform.extension",
            {
                "name": "watch.sh",
                "state": "LaunchError",
                "events": [],
                "errorType": "PermissionDenied",
            },
            id="extension that failed",
        ),
        pytest.param(
            events.telemetry_subscription("watch.sh", at=AT, types=("platform", "function")),
            "platform.telemetrySubscription",
            {"name": "watch.sh", "state": "Subscribed", "types": ["platform", "function"]},
            id="telemetry subscription",
        ),
        pytest.param(
            events.start(INVOCATION, at=AT),
            "platform.start",
            {
                "requestId": "id-1",
                "version": "$LATEST",
                "functionArn": CONFIGURATION.arn,
                **_TRACING,
            },
            id="start",
        ),
        pytest.param(
            events.start(UNSAMPLED, at=AT),
            "platform.start",
            {
                "requestId": "id-1",
                "version": "$LATEST",
                "functionArn": CONFIGURATION.arn,
                "tenantId": "acme",
            },
            id="start without a sampled trace, for a tenant",
        ),
        pytest.param(
            events.runtime_done(INVOCATION, at=AT, duration_ms=43.5, produced_bytes=0, spans=SPANS),
            "platform.runtimeDone",
            {
                "requestId": "id-1",
                "status": "success",
                "metrics": {"durationMs": 43.5, "producedBytes": 0},
                "spans": _RUNTIME_SPANS,
                **_TRACING,
            },
            id="runtime done",
        ),
        pytest.param(
            events.runtime_done(UNSAMPLED, at=AT, duration_ms=5001.1824, status="timeout"),
            "platform.runtimeDone",
            {
                "requestId": "id-1",
                "status": "timeout",
                "metrics": {"durationMs": 5001.182},
                "tenantId": "acme",
            },
            id="runtime done by a timeout",
        ),
        pytest.param(
            events.report(CONFIGURATION, INVOCATION, REPORT, at=AT),
            "platform.report",
            {
                "requestId": "id-1",
                "status": "success",
                "metrics": _METRICS,
                "spans": [_span("extensionOverhead", 26.5)],
                **_TRACING,
            },
            id="report",
        ),
        pytest.param(
            events.report(
                replace(CONFIGURATION, initialization_type="lambda-managed-instances"),
                UNSAMPLED,
                REPORT,
                at=AT,
            ),
            "platform.report",
            {
                "requestId": "id-1",
                "status": "success",
                "metrics": {"durationMs": 147.156},
                "spans": _RUNTIME_SPANS[:2],
            },
            id="report of a managed instance",
        ),
        pytest.param(
            events.report(
                CONFIGURATION,
                UNSAMPLED,
                replace(
                    REPORT,
                    init_duration_ms=None,
                    restore_duration_ms=500.795,
                    billed_restore_duration_ms=53,
                    max_memory_used_mb=None,
                    spans=(),
                    status="error",
                    error_type="Runtime.ExitError",
                ),
                at=AT,
            ),
            "platform.report",
            {
                "requestId": "id-1",
                "status": "error",
                "errorType": "Runtime.ExitError",
                "metrics": {
                    "durationMs": 147.156,
                    "billedDurationMs": 201,
                    "memorySizeMB": 256,
                    "maxMemoryUsedMB": 0,
                    "restoreDurationMs": 500.795,
                    "billedRestoreDurationMs": 53,
                },
            },
            id="report of SnapStart",
        ),
        pytest.param(
            events.restore_start(CONFIGURATION, at=AT),
            "platform.restoreStart",
            _ENVIRONMENT,
            id="restore start",
        ),
        pytest.param(
            events.restore_runtime_done(
                at=AT, status="failure", error_type="Runtime.AfterRestoreError"
            ),
            "platform.restoreRuntimeDone",
            {"status": "failure", "errorType": "Runtime.AfterRestoreError"},
            id="restore runtime done",
        ),
        pytest.param(
            events.restore_report(at=AT, duration_ms=70.87, status="timeout"),
            "platform.restoreReport",
            {"status": "timeout", "metrics": {"durationMs": 70.87}},
            id="restore report",
        ),
        pytest.param(
            events.logs_dropped(at=AT, dropped_bytes=12345, dropped_records=123, reason="slow"),
            "platform.logsDropped",
            {"droppedBytes": 12345, "droppedRecords": 123, "reason": "slow"},
            id="logs dropped",
        ),
    ],
)
def test_json_form(event: PlatformEvent, event_type: str, record: object) -> None:
    """An event has exactly the documented keys and fields."""
    assert json.loads(event.as_json()) == {"time": SHOWN, "type": event_type, "record": record}


def test_whole_numbers() -> None:
    """Strict clients refuse fractions of billed milliseconds and whole numbers of bytes as fractions."""
    text = events.report(CONFIGURATION, UNSAMPLED, REPORT, at=AT).as_json()
    assert '"billedDurationMs":168,"memorySizeMB":256,"maxMemoryUsedMB":91' in text


def test_times_are_in_utc() -> None:
    """A time in another time zone is stated in UTC."""
    local = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert events.iso_time(local) == SHOWN


@pytest.mark.parametrize(
    ("event", "schema", "expected"),
    [
        pytest.param(
            events.start(INVOCATION, at=AT),
            "2020-08-15",
            [("platform.start", {"requestId": "id-1", "version": "$LATEST"})],
            id="start",
        ),
        pytest.param(
            events.report(CONFIGURATION, INVOCATION, REPORT, at=AT),
            "2020-08-15",
            [
                ("platform.end", {"requestId": "id-1"}),
                ("platform.report", {"requestId": "id-1", "metrics": _METRICS}),
            ],
            id="end and report",
        ),
        pytest.param(
            events.runtime_done(INVOCATION, at=AT, duration_ms=1), "2020-08-15", [], id="older"
        ),
        pytest.param(
            events.runtime_done(INVOCATION, at=AT, duration_ms=1, spans=SPANS),
            "2021-03-18",
            [("platform.runtimeDone", {"requestId": "id-1", "status": "success"})],
            id="runtime done",
        ),
        pytest.param(
            events.runtime_done(
                INVOCATION,
                at=AT,
                duration_ms=1,
                status="error",
                error_type="Runtime.ExitError",
            ),
            "2021-03-18",
            [
                (
                    "platform.fault",
                    "RequestId: id-1 Process exited before completing request",
                ),
                ("platform.runtimeDone", {"requestId": "id-1", "status": "error"}),
            ],
            id="fault",
        ),
        pytest.param(
            events.runtime_done(INVOCATION, at=AT, duration_ms=1, status="timeout"),
            "2020-08-15",
            [],
            id="timeout",
        ),
        pytest.param(
            events.logs_subscription("watch.sh", at=AT, types=["function"]),
            "2021-03-18",
            [
                (
                    "platform.logsSubscription",
                    {"name": "watch.sh", "state": "Subscribed", "types": ["function"]},
                )
            ],
            id="subscription",
        ),
        pytest.param(events.init_start(CONFIGURATION, at=AT), "2021-03-18", [], id="newer"),
    ],
)
def test_logs_api(
    event: PlatformEvent, schema: LogsSchema, expected: list[tuple[str, object]]
) -> None:
    """Subscribers of the Logs API get its own events, with fewer fields."""
    found = logs_api_events(event, schema)
    assert [(each.type, each.record) for each in found] == expected
    assert {each.time for each in found} <= {AT}
