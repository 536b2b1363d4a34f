"""The platform's events as subscribers of the Logs API receive them.

The Telemetry API replaced it; its events are older and say less:
https://github.com/awsdocs/aws-lambda-developer-guide/blob/main/doc_source/runtimes-logs-api.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from samlocal.execution.platform_events import PlatformEvent

if TYPE_CHECKING:
    from samlocal.execution.platform_events import EventType
    from samlocal.invocation import JsonObject

LogsSchema = Literal["2020-08-15", "2021-03-18"]

_FIELDS: Final[dict[EventType, tuple[str, ...]]] = {
    "platform.start": ("requestId", "version"),
    "platform.end": ("requestId",),
    "platform.report": ("requestId", "metrics"),
    "platform.extension": ("name", "state", "events"),
    "platform.logsSubscription": ("name", "state", "types"),
    "platform.logsDropped": ("droppedBytes", "droppedRecords", "reason"),
}
_FIELDS_SINCE_2021: Final[dict[EventType, tuple[str, ...]]] = {
    **_FIELDS,
    "platform.runtimeDone": ("requestId", "status"),
}


def logs_api_events(event: PlatformEvent, schema: LogsSchema) -> tuple[PlatformEvent, ...]:
    """Return the events of the Logs API that tell what this event tells; none if it knows no such event.

    `platform.end` has no counterpart in the Telemetry API; it precedes the report.
    """
    fields = _FIELDS if schema == "2020-08-15" else _FIELDS_SINCE_2021
    if event.type not in fields:
        return ()
    types: tuple[EventType, ...] = (event.type,)
    if event.type == "platform.report":
        types = ("platform.end", "platform.report")
    return tuple(
        PlatformEvent(time=event.time, type=each, record=_select(event.record, fields[each]))
        for each in types
    )


def _select(record: JsonObject, names: tuple[str, ...]) -> JsonObject:
    return {name: record[name] for name in names if name in record}
