"""The platform's lines in a function's log, in Lambda's text format and in JSON.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from samlocal.invocation import report_line
from samlocal.trace_header import read_trace_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from samlocal.execution.platform_events import PlatformEvent
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.invocation import JsonObject


def platform_lines(event: PlatformEvent, configuration: FunctionConfiguration) -> tuple[str, ...]:
    """Return the lines of an event in the function's log, without line feeds; most events have none.

    A log in JSON shows the events of the function's system log level.
    """
    if configuration.log_format == "JSON":
        from samlocal.execution.log_levels import is_shown  # noqa: PLC0415  # few functions log JSON

        return (event.as_json(),) if is_shown(event, configuration.system_log_level) else ()
    lines = _TEXTS.get(event.type)
    return lines(event.record) if lines else ()


def _extension(record: JsonObject) -> tuple[str, ...]:
    fields = [
        "EXTENSION",
        f"Name: {record['name']}",
        f"State: {record['state']}",
        f"Events: {_list(record['events'])}",
        *_error_type(record),
    ]
    return ("\t".join(fields),)


def _telemetry_subscription(record: JsonObject) -> tuple[str, ...]:
    types = [each.capitalize() for each in _texts(record["types"])]
    return (f"TELEMETRY\tName: {record['name']}\tState: Subscribed\tTypes: {_list(types)}",)


def _logs_subscription(record: JsonObject) -> tuple[str, ...]:
    return (f"LOGS\tName: {record['name']}\tState: Subscribed\tTypes: {_list(record['types'])}",)


def _init_report(record: JsonObject) -> tuple[str, ...]:
    """Lambda reports no Init on demand that succeeded: the report of the invocation has its duration."""
    if record["status"] == "success" and record["initializationType"] == "on-demand":
        return ()
    fields = [
        f"INIT_REPORT Init Duration: {_duration(record)}",
        f"Phase: {record['phase']}",
        *_status(record),
    ]
    return ("\t".join(fields),)


def _start(record: JsonObject) -> tuple[str, ...]:
    return (f"START RequestId: {record['requestId']} Version: {record['version']}",)


def _report(record: JsonObject) -> tuple[str, ...]:
    request_id, metrics = str(record["requestId"]), cast("JsonObject", record["metrics"])
    status, error_type = str(record["status"]), cast("str | None", record.get("errorType"))
    return (
        f"END RequestId: {request_id}",
        report_line(request_id, metrics, status, error_type),
        *_trace(record),
    )


def _trace(record: JsonObject) -> tuple[str, ...]:
    if "tracing" not in record:
        return ()
    fields = read_trace_header(str(cast("JsonObject", record["tracing"])["value"]))
    return (
        f"XRAY TraceId: {fields.get('Root')}\tSegmentId: {fields.get('Parent')}\tSampled: true\t",
    )


def _restore_start(record: JsonObject) -> tuple[str, ...]:
    return (f"RESTORE_START Runtime Version: {record.get('runtimeVersion', '')}".rstrip(),)


def _restore_report(record: JsonObject) -> tuple[str, ...]:
    return ("\t".join([f"RESTORE_REPORT Restore Duration: {_duration(record)}", *_status(record)]),)


# INIT_START is not here: it names the version and the ARN of Lambda's runtime, which this machine has not.
_TEXTS: Final[dict[str, Callable[[JsonObject], tuple[str, ...]]]] = {
    "platform.extension": _extension,
    "platform.telemetrySubscription": _telemetry_subscription,
    "platform.logsSubscription": _logs_subscription,
    "platform.initReport": _init_report,
    "platform.start": _start,
    "platform.report": _report,
    "platform.restoreStart": _restore_start,
    "platform.restoreReport": _restore_report,
}


def _duration(record: JsonObject) -> str:
    metrics = cast("JsonObject", record["metrics"])
    return f"{cast('float', metrics['durationMs']):.2f} ms"


def _status(record: JsonObject) -> list[str]:
    if record["status"] == "success":
        return []
    return [f"Status: {record['status']}", *_error_type(record)]


def _error_type(record: JsonObject) -> list[str]:
    return [f"Error Type: {record['errorType']}"] if "errorType" in record else []


def _list(texts: object) -> str:
    return f"[{', '.join(_texts(texts))}]"


def _texts(texts: object) -> Iterable[str]:
    return cast("Iterable[str]", texts)
