"""The platform's events in an execution environment, as subscribers of the Telemetry API receive them.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
"""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Final, Literal

from samlocal.frozen_dataclass import frozen
from samlocal.invocation import JsonObject, milliseconds
from samlocal.trace_header import read_trace_header

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.invocation import Invocation, Report, Span

InitPhase = Literal["init", "invoke"]
Status = Literal["success", "failure", "error", "timeout"]
EventType = Literal[
    "platform.initStart",
    "platform.initRuntimeDone",
    "platform.initReport",
    "platform.extension",
    "platform.telemetrySubscription",
    "platform.logsSubscription",
    "platform.start",
    "platform.runtimeDone",
    "platform.end",
    "platform.report",
    "platform.restoreStart",
    "platform.restoreRuntimeDone",
    "platform.restoreReport",
    "platform.logsDropped",
]

_RUNTIME_SPANS: Final = frozenset({"responseLatency", "responseDuration", "runtimeOverhead"})
_RESPONSE_SPANS: Final = frozenset({"responseLatency", "responseDuration"})
_TRACE_HEADER: Final = "X-Amzn-Trace-Id"


@frozen
class PlatformEvent:
    """An event: when it happened, what it is, and what it says. `time` is aware."""

    time: datetime
    type: EventType
    record: JsonObject

    def as_json(self) -> str:
        """Return the event as one line of JSON in ASCII."""
        return event_json(self.time, self.type, self.record)


def event_json(time: datetime, type_: str, record: object) -> str:
    """Return an event with its documented keys as one line of JSON in ASCII."""
    event = {"time": iso_time(time), "type": type_, "record": record}
    return json.dumps(event, separators=(",", ":"))


def iso_time(time: datetime) -> str:
    """Return a time in UTC as telemetry states it: `2026-11-26T10:00:00.000Z`."""
    text = time.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def init_start(
    configuration: FunctionConfiguration, *, at: datetime, phase: InitPhase = "init"
) -> PlatformEvent:
    record = {**_init(configuration, phase), **_environment(configuration)}
    return PlatformEvent(time=at, type="platform.initStart", record=record)


def init_runtime_done(
    configuration: FunctionConfiguration,
    *,
    at: datetime,
    phase: InitPhase = "init",
    status: Status = "success",
    error_type: str | None = None,
) -> PlatformEvent:
    record = {**_init(configuration, phase), **_outcome(status, error_type)}
    return PlatformEvent(time=at, type="platform.initRuntimeDone", record=record)


def init_report(
    configuration: FunctionConfiguration,
    *,
    at: datetime,
    duration_ms: float,
    phase: InitPhase = "init",
    status: Status = "success",
    error_type: str | None = None,
) -> PlatformEvent:
    record = {
        **_init(configuration, phase),
        **_outcome(status, error_type),
        "metrics": {"durationMs": milliseconds(duration_ms)},
    }
    return PlatformEvent(time=at, type="platform.initReport", record=record)


def extension(
    name: str,
    *,
    at: datetime,
    state: str,
    events: Iterable[str],
    error_type: str | None = None,
) -> PlatformEvent:
    """Return the event about an extension at the end of Init; `state` is such as `Ready`."""
    record: JsonObject = {"name": name, "state": state, "events": sorted(events)}
    if error_type:
        record = {**record, "errorType": error_type}
    return PlatformEvent(time=at, type="platform.extension", record=record)


def telemetry_subscription(name: str, *, at: datetime, types: Iterable[str]) -> PlatformEvent:
    record = {"name": name, "state": "Subscribed", "types": list(types)}
    return PlatformEvent(time=at, type="platform.telemetrySubscription", record=record)


def logs_subscription(name: str, *, at: datetime, types: Iterable[str]) -> PlatformEvent:
    """Return the event about a subscription to the Logs API; the Telemetry API has no such event."""
    record = {"name": name, "state": "Subscribed", "types": list(types)}
    return PlatformEvent(time=at, type="platform.logsSubscription", record=record)


def start(invocation: Invocation, *, at: datetime) -> PlatformEvent:
    record = {
        "requestId": invocation.request_id,
        "version": invocation.version,
        "functionArn": invocation.function_arn,
        **_trace(invocation),
        **_tenant(invocation),
    }
    return PlatformEvent(time=at, type="platform.start", record=record)


def runtime_done(
    invocation: Invocation,
    *,
    at: datetime,
    duration_ms: float,
    produced_bytes: int | None = None,
    status: Status = "success",
    error_type: str | None = None,
    spans: Iterable[Span] = (),
) -> PlatformEvent:
    """Return the event for a runtime that asked for the next invocation, ended or timed out.

    The duration ends there, so it does not include what extensions need. Only spans of the runtime are shown.
    """
    metrics: JsonObject = {"durationMs": milliseconds(duration_ms)}
    if produced_bytes is not None:
        metrics = {**metrics, "producedBytes": produced_bytes}
    record = {
        "requestId": invocation.request_id,
        **_outcome(status, error_type),
        "metrics": metrics,
        **_spans(each for each in spans if each.name in _RUNTIME_SPANS),
        **_trace(invocation),
        **_tenant(invocation),
    }
    return PlatformEvent(time=at, type="platform.runtimeDone", record=record)


def report(
    configuration: FunctionConfiguration, invocation: Invocation, figures: Report, *, at: datetime
) -> PlatformEvent:
    """Return the event with an invocation's figures.

    On managed instances it has the spans that other types have in `runtimeDone`.
    """
    spans = _RESPONSE_SPANS if _is_managed(configuration) else {"extensionOverhead"}
    record = {
        "requestId": figures.request_id,
        **_outcome(figures.status, figures.error_type),
        "metrics": reported_metrics(configuration, figures),
        **_spans(each for each in figures.spans if each.name in spans),
        **_trace(invocation),
    }
    return PlatformEvent(time=at, type="platform.report", record=record)


def reported_metrics(configuration: FunctionConfiguration, figures: Report) -> JsonObject:
    """Return the metrics that Lambda reports of an invocation; on managed instances only its duration."""
    metrics = figures.metrics
    return {"durationMs": metrics["durationMs"]} if _is_managed(configuration) else metrics


def restore_start(configuration: FunctionConfiguration, *, at: datetime) -> PlatformEvent:
    return PlatformEvent(time=at, type="platform.restoreStart", record=_environment(configuration))


def restore_runtime_done(
    *, at: datetime, status: Status = "success", error_type: str | None = None
) -> PlatformEvent:
    record = _outcome(status, error_type)
    return PlatformEvent(time=at, type="platform.restoreRuntimeDone", record=record)


def restore_report(
    *,
    at: datetime,
    duration_ms: float,
    status: Status = "success",
    error_type: str | None = None,
) -> PlatformEvent:
    record = {
        **_outcome(status, error_type),
        "metrics": {"durationMs": milliseconds(duration_ms)},
    }
    return PlatformEvent(time=at, type="platform.restoreReport", record=record)


def logs_dropped(
    *, at: datetime, dropped_bytes: int, dropped_records: int, reason: str
) -> PlatformEvent:
    record = {
        "droppedBytes": dropped_bytes,
        "droppedRecords": dropped_records,
        "reason": reason,
    }
    return PlatformEvent(time=at, type="platform.logsDropped", record=record)


def _is_managed(configuration: FunctionConfiguration) -> bool:
    return configuration.initialization_type == "lambda-managed-instances"


def _init(configuration: FunctionConfiguration, phase: InitPhase) -> dict[str, object]:
    return {"initializationType": configuration.initialization_type, "phase": phase}


def _environment(configuration: FunctionConfiguration) -> dict[str, object]:
    """Return what the events at the start of an environment say about it."""
    record: dict[str, object] = {
        "functionName": configuration.name,
        "functionVersion": configuration.version,
        "instanceId": configuration.log_stream,
        "instanceMaxMemory": configuration.memory_mb * 1024 * 1024,
    }
    if configuration.runtime_version:
        record["runtimeVersion"] = configuration.runtime_version
    return record


def _outcome(status: Status, error_type: str | None) -> dict[str, object]:
    return {"status": status, "errorType": error_type} if error_type else {"status": status}


def _spans(spans: Iterable[Span]) -> dict[str, object]:
    shown = [
        {
            "name": each.name,
            "start": iso_time(each.start),
            "durationMs": milliseconds(each.duration_ms),
        }
        for each in spans
    ]
    return {"spans": shown} if shown else {}


def _trace(invocation: Invocation) -> dict[str, object]:
    """Return the trace of a sampled invocation; Lambda states no other."""
    fields = read_trace_header(invocation.trace_id)
    if fields.get("Sampled") != "1":
        return {}
    tracing = {"type": _TRACE_HEADER, "value": invocation.trace_id}
    if parent := fields.get("Parent"):
        tracing["spanId"] = parent
    return {"tracing": tracing}


def _tenant(invocation: Invocation) -> dict[str, object]:
    return {"tenantId": invocation.tenant_id} if invocation.tenant_id is not None else {}
