"""Shutdown: the runtime and the extensions end, each in the time that Lambda gives it.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from samlocal.execution.programs import Programs
    from samlocal.execution.telemetry.telemetry import Telemetry
    from samlocal.runtime_api.extension_events import ShutdownReason

# The time for everything, if there are external extensions, and the runtime's part of it.
_SHUTDOWN_SECONDS: Final = 2.0
_RUNTIME_SECONDS: Final = 0.3
# The time of a runtime with internal extensions only.
_INTERNAL_SECONDS: Final = 0.5
# How long a subscriber may take for the last events before SHUTDOWN is sent nevertheless.
_FLUSH_SECONDS: Final = 0.5


async def shut_down(programs: Programs, telemetry: Telemetry, reason: ShutdownReason) -> None:
    """End all programs: first the runtime, then the external extensions, which get all telemetry before.

    A runtime gets SIGTERM only if there is an extension, as in Lambda, and only if nothing has failed. Each
    extension that wants it gets the event SHUTDOWN, and time to end by itself.

    If the extensions cannot outlive the runtime, they end first.
    """
    deadline = time.monotonic() + _SHUTDOWN_SECONDS
    await telemetry.flush(time.monotonic() + _FLUSH_SECONDS)
    if not programs.can_outlive_runtime:
        await _shut_down_extensions(programs, reason, deadline - _RUNTIME_SECONDS)
        await _terminate_runtime(programs, reason)
    else:
        await _terminate_runtime(programs, reason)
        await programs.kill_runtime()
        telemetry.end_output()
        if programs.external:
            await telemetry.flush(time.monotonic() + _FLUSH_SECONDS)
            await _shut_down_extensions(programs, reason, deadline)
    await programs.kill()


async def _terminate_runtime(programs: Programs, reason: ShutdownReason) -> None:
    if reason == "spindown" and programs.extensions and not programs.runtime_has_ended:
        programs.terminate_runtime()
        await programs.wait_for_runtime(
            _RUNTIME_SECONDS if programs.external else _INTERNAL_SECONDS
        )


async def _shut_down_extensions(
    programs: Programs, reason: ShutdownReason, deadline: float
) -> None:
    from samlocal.runtime_api.extension_events import shutdown_event  # noqa: PLC0415  # few functions have extensions

    seconds = deadline - time.monotonic()
    deadline_ms = int((time.time() + seconds) * 1000)
    for each in programs.extensions:
        process = programs.external.get(each.name)
        if process is None or programs.has_ended(each.name):
            continue
        if "SHUTDOWN" in each.events:
            each.send(shutdown_event(reason, deadline_ms))
        else:
            process.kill()
    await programs.wait_for_extensions(seconds)
