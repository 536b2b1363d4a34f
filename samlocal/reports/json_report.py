"""The report of an invocation as one JSON object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from samlocal.execution.platform_events import iso_time, reported_metrics
from samlocal.invocation import milliseconds
from samlocal.trace_header import read_trace_header

if TYPE_CHECKING:
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.invocation import JsonObject, Phase, Report
    from samlocal.reports.completed import Completed


def json_report(completed: Completed, configuration: FunctionConfiguration) -> str:
    """Return the report as one line in ASCII, without a line feed.

    `metrics` are those of the event `platform.report` and the durations of the spans, in milliseconds. What
    is not known is left out.
    """
    invocation, result = completed.invocation, completed.result
    record = {
        "requestId": invocation.request_id,
        "functionName": configuration.name,
        "functionVersion": invocation.version,
        "traceId": read_trace_header(invocation.trace_id).get("Root"),
        "tenantId": invocation.tenant_id,
        "outcome": result.outcome,
        "status": result.report.status,
        "errorType": result.report.error_type,
        "error": result.error and {"type": result.error.type, "message": result.error.message},
        "coldStart": completed.is_cold,
        "metrics": _metrics(configuration, result.report),
        "response": {
            "mode": result.report.response_mode,
            "contentType": result.content_type,
            "bytes": result.report.produced_bytes or 0,
        },
        "phases": [_phase(each) for each in result.phases],
        "coldPath": completed.cold_path,
    }
    known = {name: value for name, value in record.items() if value is not None}
    return json.dumps(known, separators=(",", ":"))


def _metrics(configuration: FunctionConfiguration, report: Report) -> JsonObject:
    metrics = dict(reported_metrics(configuration, report))
    if report.max_memory_used_mb is None:
        metrics.pop("maxMemoryUsedMB", None)
    spans = {f"{each.name}Ms": milliseconds(each.duration_ms) for each in report.spans}
    return {**metrics, **spans}


def _phase(phase: Phase) -> JsonObject:
    record: JsonObject = {
        "name": phase.name,
        "start": iso_time(phase.start),
        "durationMs": milliseconds(phase.duration_ms),
        "status": phase.status,
    }
    return {**record, "errorType": phase.error_type} if phase.error_type else record
