"""The lines of the platform's events, compared with Lambda's."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from samlocal.execution import platform_events as events
from samlocal.execution.platform_lines import platform_lines
from tests.unit.execution.test_platform_events import (
    AT,
    CONFIGURATION,
    INVOCATION,
    REPORT,
    SHOWN,
    UNSAMPLED,
)

if TYPE_CHECKING:
    from samlocal.execution.platform_events import PlatformEvent

SNAPSTART: Final = replace(CONFIGURATION, initialization_type="snap-start")
IMAGE: Final = replace(CONFIGURATION, runtime_version=None)
MEASURED: Final = replace(
    REPORT, duration_ms=133.61, memory_size_mb=128, max_memory_used_mb=31, init_duration_ms=80
)


@pytest.mark.parametrize(
    ("event", "lines"),
    [
        pytest.param(events.init_start(CONFIGURATION, at=AT), (), id="init start"),
        pytest.param(events.init_runtime_done(CONFIGURATION, at=AT), (), id="init runtime done"),
        pytest.param(
            events.init_report(CONFIGURATION, at=AT, duration_ms=80), (), id="init on demand"
        ),
        pytest.param(
            events.init_report(CONFIGURATION, at=AT, duration_ms=80, phase="invoke"),
            (),
            id="second init on demand",
        ),
        pytest.param(
            events.init_report(SNAPSTART, at=AT, duration_ms=2041.3),
            ("INIT_REPORT Init Duration: 2041.30 ms\tPhase: init",),
            id="init of SnapStart",
        ),
        pytest.param(
            events.init_report(CONFIGURATION, at=AT, duration_ms=10_000, status="timeout"),
            ("INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout",),
            id="init timeout",
        ),
        pytest.param(
            events.init_report(
                CONFIGURATION,
                at=AT,
                duration_ms=1236.04,
                phase="invoke",
                status="error",
                error_type="Extension.Crash",
            ),
            (
                (
                    "INIT_REPORT Init Duration: 1236.04 ms\tPhase: invoke\tStatus: error"
                    "\tError Type: Extension.Crash"
                ),
            ),
            id="second init error",
        ),
        pytest.param(
            events.extension("watch.sh", at=AT, state="Ready", events=("INVOKE", "SHUTDOWN")),
            ("EXTENSION\tName: watch.sh\tState: Ready\tEvents: [INVOKE, SHUTDOWN]",),
            id="extension",
        ),
        pytest.param(
            events.extension(
                "watch.sh", at=AT, state="LaunchError", events=(), error_type="PermissionDenied"
            ),
            (
                (
                    "EXTENSION\tName: watch.sh\tState: LaunchError\tEvents: []"
                    "\tError Type: PermissionDenied"
                ),
            ),
            id="extension error",
        ),
        pytest.param(
            events.telemetry_subscription("watch.sh", at=AT, types=("platform", "function")),
            ("TELEMETRY\tName: watch.sh\tState: Subscribed\tTypes: [Platform, Function]",),
            id="telemetry",
        ),
        pytest.param(
            events.logs_subscription("watch.sh", at=AT, types=("platform", "function")),
            ("LOGS\tName: watch.sh\tState: Subscribed\tTypes: [platform, function]",),
            id="logs",
        ),
        pytest.param(
            events.start(INVOCATION, at=AT),
            ("START RequestId: id-1 Version: $LATEST",),
            id="start",
        ),
        pytest.param(
            events.runtime_done(INVOCATION, at=AT, duration_ms=1, status="timeout"),
            (),
            id="runtime done",
        ),
        pytest.param(
            events.report(CONFIGURATION, UNSAMPLED, MEASURED, at=AT),
            (
                "END RequestId: id-1",
                (
                    "REPORT RequestId: id-1\tDuration: 133.61 ms\tBilled Duration: 214 ms"
                    "\tMemory Size: 128 MB\tMax Memory Used: 31 MB\tInit Duration: 80.00 ms\t"
                ),
            ),
            id="report",
        ),
        pytest.param(
            events.report(
                CONFIGURATION,
                INVOCATION,
                replace(
                    MEASURED,
                    init_duration_ms=None,
                    max_memory_used_mb=None,
                    status="error",
                    error_type="Runtime.ExitError",
                ),
                at=AT,
            ),
            (
                "END RequestId: id-1",
                (
                    "REPORT RequestId: id-1\tDuration: 133.61 ms\tBilled Duration: 134 ms"
                    "\tMemory Size: 128 MB\tStatus: error\tError Type: Runtime.ExitError\t"
                ),
                (
                    "XRAY TraceId: 1-62e900b2-710d76f009d6e7785905449a\tSegmentId: 0efbd19962d95b05"
                    "\tSampled: true\t"
                ),
            ),
            id="report of a sampled error",
        ),
        pytest.param(
            events.restore_start(CONFIGURATION, at=AT),
            ("RESTORE_START Runtime Version: python:3.13",),
            id="restore start",
        ),
        pytest.param(
            events.restore_report(at=AT, duration_ms=70.874),
            ("RESTORE_REPORT Restore Duration: 70.87 ms",),
            id="restore report",
        ),
        pytest.param(
            events.restore_report(at=AT, duration_ms=10_000, status="timeout"),
            ("RESTORE_REPORT Restore Duration: 10000.00 ms\tStatus: timeout",),
            id="restore timeout",
        ),
        pytest.param(
            events.logs_dropped(at=AT, dropped_bytes=1, dropped_records=1, reason="slow"),
            (),
            id="logs dropped",
        ),
    ],
)
def test_text(event: PlatformEvent, lines: tuple[str, ...]) -> None:
    """Lines have Lambda's fields, separated by tabs; events that Lambda does not print have none."""
    assert platform_lines(event, CONFIGURATION) == lines


@pytest.mark.parametrize(
    ("event", "level"),
    [
        (events.init_start(CONFIGURATION, at=AT), "INFO"),
        (events.init_start(IMAGE, at=AT), "DEBUG"),
        (events.init_runtime_done(CONFIGURATION, at=AT), "DEBUG"),
        (events.init_runtime_done(CONFIGURATION, at=AT, status="error"), "WARN"),
        (events.init_report(CONFIGURATION, at=AT, duration_ms=1), "DEBUG"),
        (events.init_report(SNAPSTART, at=AT, duration_ms=1), "INFO"),
        (events.init_report(CONFIGURATION, at=AT, duration_ms=1, status="timeout"), "WARN"),
        (events.restore_start(CONFIGURATION, at=AT), "INFO"),
        (events.restore_start(IMAGE, at=AT), "DEBUG"),
        (events.restore_runtime_done(at=AT), "DEBUG"),
        (events.restore_report(at=AT, duration_ms=1), "INFO"),
        (events.restore_report(at=AT, duration_ms=1, status="timeout"), "WARN"),
        (events.start(INVOCATION, at=AT), "INFO"),
        (events.runtime_done(INVOCATION, at=AT, duration_ms=1), "DEBUG"),
        (events.runtime_done(INVOCATION, at=AT, duration_ms=1, status="timeout"), "WARN"),
        (events.report(CONFIGURATION, INVOCATION, REPORT, at=AT), "INFO"),
        (
            events.report(CONFIGURATION, INVOCATION, replace(REPORT, status="timeout"), at=AT),
            "WARN",
        ),
        (events.extension("a", at=AT, state="Ready", events=()), "INFO"),
        (events.extension("a", at=AT, state="x", events=(), error_type="y"), "WARN"),
        (events.telemetry_subscription("a", at=AT, types=()), "INFO"),
        (events.logs_dropped(at=AT, dropped_bytes=1, dropped_records=1, reason="slow"), "WARN"),
    ],
)
def test_system_log_levels(event: PlatformEvent, level: str) -> None:
    """A log in JSON shows the event, as a line, from its level on and below."""
    levels = ["DEBUG", "INFO", "WARN"]
    for each in levels:
        configuration = replace(CONFIGURATION, log_format="JSON", system_log_level=each)
        lines = platform_lines(event, configuration)
        assert [json.loads(line)["type"] for line in lines] == (
            [event.type] if levels.index(level) >= levels.index(each) else []
        )


def test_json_line() -> None:
    """A line in JSON is the event as telemetry states it; the level is INFO if the function sets none."""
    event = events.telemetry_subscription("watch.sh", at=AT, types=("platform",))
    assert platform_lines(event, replace(CONFIGURATION, log_format="JSON")) == (
        (
            f'{{"time":"{SHOWN}","type":"platform.telemetrySubscription",'
            '"record":{"name":"watch.sh","state":"Subscribed","types":["platform"]}}'
        ),
    )
