"""The levels of logs in JSON: which events and lines of a function its log shows.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from samlocal.execution.platform_events import PlatformEvent
    from samlocal.invocation import JsonObject

_DEFAULT: Final = "INFO"
_RANKS: Final = {
    name: rank for rank, name in enumerate(("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"))
}
# Names of common loggers. A line of them must not be lost as one of INFO.
_SYNONYMS: Final = {"WARNING": "WARN", "CRITICAL": "FATAL"}


def is_shown(event: PlatformEvent, level: str | None) -> bool:
    """Tell whether a log whose system log level is `level` shows an event; None is the default, INFO."""
    return _RANKS[_level_of(event)] >= _RANKS.get(level or _DEFAULT, _RANKS[_DEFAULT])


def is_line_shown(line: bytes, level: str | None) -> bool:
    """Tell whether a log whose application log level is `level` shows a line of a custom runtime.

    Lambda filters objects with a `level`; other lines, and objects without a level it knows, have INFO.
    Lines that are not JSON are not filtered.
    """
    lowest = _RANKS.get(level or _DEFAULT, _RANKS[_DEFAULT])
    if not line.lstrip().startswith(b"{"):
        return True
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return True
    name = str(record.get("level", _DEFAULT)).upper()
    return _RANKS.get(_SYNONYMS.get(name, name), _RANKS[_DEFAULT]) >= lowest


def _level_of(event: PlatformEvent) -> str:
    """Return the level of an event, from the table on the page above."""
    record = event.record
    if event.type == "platform.logsDropped" or _has_failed(record):
        return "WARN"
    if event.type in {"platform.initStart", "platform.restoreStart"}:
        return "INFO" if "runtimeVersion" in record else "DEBUG"
    if event.type == "platform.initReport":
        return "DEBUG" if record["initializationType"] == "on-demand" else "INFO"
    details = {"platform.initRuntimeDone", "platform.restoreRuntimeDone", "platform.runtimeDone"}
    return "DEBUG" if event.type in details else "INFO"


def _has_failed(record: JsonObject) -> bool:
    return record.get("status", "success") != "success" or "errorType" in record
