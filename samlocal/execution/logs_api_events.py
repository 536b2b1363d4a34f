"""The platform's events as subscribers of the Logs API receive them.

The Telemetry API replaced it; its events are older and say less:
https://github.com/awsdocs/aws-lambda-developer-guide/blob/main/doc_source/runtimes-logs-api.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from samlocal.execution.platform_events import EventType, event_json
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from datetime import datetime

    from samlocal.execution.platform_events import PlatformEvent
    from samlocal.invocation import JsonObject

LogsSchema = Literal["2020-08-15", "2021-03-18"]

LogsEventType = EventType | Literal["platform.fault"]

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


@frozen
class LogsEvent:
    """An event of the Logs API; see `PlatformEvent`. The record of a fault is a text."""

    time: datetime
    type: LogsEventType
    record: JsonObject | str

    def as_json(self) -> str:
        """Return the event as one line of JSON in ASCII."""
        return event_json(self.time, self.type, self.record)


def logs_api_events(event: PlatformEvent, schema: LogsSchema) -> tuple[LogsEvent, ...]:
    """Return the events of the Logs API that tell what this event tells; none if it knows no such event.

    Two of them have no counterpart in the Telemetry API: `platform.end` precedes the report, and
    `platform.fault` tells that the runtime has ended before its answer.
    """
    fields = _FIELDS if schema == "2020-08-15" else _FIELDS_SINCE_2021
    types: tuple[EventType, ...] = (event.type,)
    if event.type == "platform.report":
        types = ("platform.end", "platform.report")
    selected = tuple(
        LogsEvent(time=event.time, type=each, record=_select(event.record, fields[each]))
        for each in types
        if each in fields
    )
    return (*_fault(event), *selected)


def _fault(event: PlatformEvent) -> tuple[LogsEvent, ...]:
    if event.type != "platform.runtimeDone" or event.record["status"] not in {"error", "failure"}:
        return ()
    text = f"RequestId: {event.record['requestId']} Process exited before completing request"
    return (LogsEvent(time=event.time, type="platform.fault", record=text),)


def _select(record: JsonObject, names: tuple[str, ...]) -> JsonObject:
    return {name: record[name] for name in names if name in record}
