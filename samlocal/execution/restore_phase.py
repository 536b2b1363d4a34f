"""Restore, with SnapStart: the runtime goes on as if from a snapshot, and runs its hooks.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-restore
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.execution import platform_events
from samlocal.execution.clock import wall_time
from samlocal.execution.outcomes import (
    PhaseResult,
    failed_to_initialise,
    failed_to_restore_in_time,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.execution.outcomes import PhaseOutcome
    from samlocal.execution.platform_events import PlatformEvent, Status
    from samlocal.execution.programs import Programs
    from samlocal.function_configuration import FunctionConfiguration

# https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks.html
RESTORE_SECONDS: Final = 10.0


async def restore(
    programs: Programs,
    configuration: FunctionConfiguration,
    *,
    publish: Callable[[PlatformEvent], None],
    request_id: str,
) -> PhaseResult:
    """Restore a runtime that waits for it, and wait until it asks for an invocation.

    No snapshot is taken: the same process goes on. A runtime without hooks is there already.

    Raises:
        SandboxError: The sandbox was lost.
    """
    begun = time.monotonic()
    publish(platform_events.restore_start(configuration, at=wall_time(begun)))
    programs.apis.restore.restore()
    failure = await _wait_for_hooks(programs, configuration, request_id)
    is_late = failure is not None and failure.status == "timeout"
    status: Status = "success"
    if failure:
        status = failure.status
        await programs.kill_runtime()
    await programs.flush_output()  # what it has written comes before the report
    if failure and is_late:
        failure = failed_to_restore_in_time(request_id, RESTORE_SECONDS, at=failure.at)
    ended = failure.at if failure else programs.apis.restore.finished.result().at
    result = PhaseResult(begun=begun, ended=max(begun, ended), failure=failure)
    error_type = failure.error_type if failure and not is_late else None
    at = wall_time(result.ended)
    publish(platform_events.restore_runtime_done(at=at, status=status, error_type=error_type))
    publish(
        platform_events.restore_report(
            at=at, duration_ms=result.duration_ms, status=status, error_type=error_type
        )
    )
    return result


async def _wait_for_hooks(
    programs: Programs, configuration: FunctionConfiguration, request_id: str
) -> PhaseOutcome | None:
    """Wait until the hooks after the restore have run; return what prevents that."""
    finished = programs.apis.restore.finished
    deadline = time.monotonic() + RESTORE_SECONDS
    seconds = math.inf if configuration.unlimited else RESTORE_SECONDS
    if failure := await programs.until(finished, request_id=request_id, seconds=seconds):
        return replace(failure, at=deadline) if failure.status == "timeout" else failure
    end = finished.result()
    return failed_to_initialise(end.failure, at=end.at) if end.failure else None
