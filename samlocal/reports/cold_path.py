"""What samlocal itself needed before a function received its first event."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.invocation import JsonObject, Phase
    from samlocal.sandbox.sandbox import StartSteps


@frozen
class CommandTimes:
    """Moments of a command, in `time.monotonic()` seconds; `process_start` is None if unknown."""

    process_start: float | None
    begun: float
    project_read: float
    engine_connected: float


def cold_path(times: CommandTimes, steps: StartSteps | None, phases: Sequence[Phase]) -> JsonObject:
    """Return the steps from the start of the process to the first event, in milliseconds.

    The total is missing if the function received no event. It is more than the sum of the steps: there
    are modules to import, and the runtime has to connect.
    """
    process_start = times.begun if times.process_start is None else times.process_start
    invoke = next((each for each in phases if each.name == "invoke"), None)
    inits = [each.duration_ms for each in phases if each.name in {"init", "restore"}]
    values: dict[str, float | None] = {
        "startupMs": None if times.process_start is None else _ms(process_start, times.begun),
        "projectMs": _ms(times.begun, times.project_read),
        "engineMs": _ms(times.project_read, times.engine_connected),
        "imageMs": steps.image_ms if steps else None,
        "connectionMs": steps.connection_ms if steps else None,
        "createMs": steps.create_ms if steps else None,
        "startMs": steps.start_ms if steps else None,
        "initMs": sum(inits) if inits else None,
        "totalMs": _ms(process_start, _monotonic(invoke)) if invoke else None,
    }
    return {name: round(value, 3) for name, value in values.items() if value is not None}


def _ms(since: float, until: float) -> float:
    return (until - since) * 1000


def _monotonic(phase: Phase) -> float:
    """Return the start of a phase in `time.monotonic()` seconds."""
    return time.monotonic() - (time.time() - phase.start.timestamp())
