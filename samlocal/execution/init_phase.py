"""Init: the extensions and the runtime start, and report that they are ready.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from samlocal.errors import HostNotReachableError
from samlocal.execution import platform_events
from samlocal.execution.clock import wall_time
from samlocal.execution.outcomes import (
    PhaseResult,
    failed_to_initialise,
    named_extensions,
    too_many_extensions,
)
from samlocal.execution.thread_futures import awaitable

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.execution.outcomes import PhaseOutcome
    from samlocal.execution.platform_events import InitPhase, PlatformEvent
    from samlocal.execution.programs import Programs
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.sandbox.sandbox import Sandbox

# After this time without a call, check whether the runtime can reach the API.
_CONTACT_SECONDS: Final = 3.0
# How long a runtime that has reported an error may take to exit by itself.
_EXIT_SECONDS: Final = 0.2


class Initialiser:
    """Initialises the programs of one sandbox.

    `publish` takes the platform's events. `was_called` returns whether any program has called an API.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        configuration: FunctionConfiguration,
        *,
        publish: Callable[[PlatformEvent], None],
        was_called: Callable[[], bool],
    ) -> None:
        self._sandbox = sandbox
        self._configuration = configuration
        self._publish = publish
        self._was_called = was_called

    async def run(
        self,
        programs: Programs,
        *,
        phase: InitPhase,
        begun: float,
        seconds: float,
        request_id: str,
    ) -> PhaseResult:
        """Start the external extensions, then the runtime, and wait until all are ready.

        Init began at `begun` (`time.monotonic()`) and may take `seconds` from there. Errors name the
        invocation `request_id`.

        Raises:
            HostNotReachableError: The sandbox cannot connect to the Runtime API.
            SandboxError: The sandbox was lost.
        """
        start = platform_events.init_start(self._configuration, at=wall_time(begun), phase=phase)
        self._publish(start)
        programs.release_output()
        waits = _Waits(programs, request_id, deadline=begun + seconds)
        failure = await self._start_extensions(programs, waits, request_id)
        if not failure:
            programs.start_runtime()
            failure = await self._wait_for_runtime(programs, waits)
            if failure:
                if failure.status == "error":  # a runtime that reports an error exits then
                    await programs.wait_for_runtime(_EXIT_SECONDS)
                await programs.kill_runtime()  # what it has written comes before the report
            done = self._runtime_done(programs, phase, failure)
            await programs.flush_output_before(done, for_extensions=True)
            self._publish(done)
        if not failure:
            ready = [each for each in programs.extensions if each.events]
            failure = await waits.until(*(each.waiting for each in ready))
            if failure:
                late = [each.name for each in ready if not each.waiting.done()]
                failure = _with_cause(failure, late, "did not ask for the first event")
        programs.apis.end_init()
        if failure:
            # An engine may report the start of a short program later than its end.
            failure = replace(failure, at=max(failure.at, begun))
        ended = failure.at if failure else max(self._last_call(programs), begun)
        result = PhaseResult(begun=begun, ended=ended, failure=failure)
        await self._publish_report(programs, phase, result)
        return result

    async def _start_extensions(
        self, programs: Programs, waits: _Waits, request_id: str
    ) -> PhaseOutcome | None:
        """Start the external extensions, and wait until they have registered; return why they have not."""
        names = await awaitable(self._sandbox.extensions)
        if names:
            from samlocal.runtime_api.extensions import MAX_EXTENSIONS  # noqa: PLC0415  # few functions have extensions

            if len(names) > MAX_EXTENSIONS:
                return too_many_extensions(request_id, names, MAX_EXTENSIONS, at=time.monotonic())
        programs.start_extensions(names)
        failure = await waits.until(*(each.registered for each in programs.extensions))
        if failure:
            late = [each.name for each in programs.extensions if not each.registered.done()]
            failure = _with_cause(failure, late, "did not register")
        return failure

    async def _wait_for_runtime(self, programs: Programs, waits: _Waits) -> PhaseOutcome | None:
        """Wait until the runtime asks for an invocation or its restore; return why it does not."""
        ready = self._ready(programs)
        if not self._was_called():
            failure = await waits.until(ready, seconds=_CONTACT_SECONDS)
            if failure and not self._was_called():
                await self._require_contact()
        if failure := await waits.until(ready):
            return failure
        initialised = programs.apis.runtime.initialised
        if not initialised.done():
            return None
        told = initialised.result()
        return failed_to_initialise(told.failure, at=told.at) if told.failure else None

    def _ready(self, programs: Programs) -> asyncio.Future[Any]:
        """Return what is done when the runtime is: with SnapStart it waits for its restore then."""
        if self._configuration.initialization_type == "snap-start":
            return programs.apis.restore.ready
        return programs.apis.runtime.initialised

    def _ready_at(self, programs: Programs) -> float:
        """Return when the runtime was ready."""
        told = self._ready(programs).result()
        at: float = told if isinstance(told, float) else told.at
        return at

    def _last_call(self, programs: Programs) -> float:
        """Return when the last of the programs was ready."""
        at = self._ready_at(programs)
        return max([at, *(each.waiting.result() for each in programs.extensions if each.events)])

    async def _require_contact(self) -> None:
        """Check that a runtime without any call can reach the Runtime API.

        Raises:
            HostNotReachableError: The sandbox cannot connect to the Runtime API.
        """
        if await asyncio.to_thread(self._sandbox.reaches_host) is False:
            raise HostNotReachableError(
                "the container cannot reach the Runtime API on this machine",
                hint="a firewall may block connections from the engine's network to this machine:"
                " allow them (for example `iptables -I INPUT -i docker0 -j ACCEPT`);"
                " run `samlocal doctor` for details",
            )

    def _runtime_done(
        self, programs: Programs, phase: InitPhase, failure: PhaseOutcome | None
    ) -> PlatformEvent:
        at = failure.at if failure else self._ready_at(programs)
        return platform_events.init_runtime_done(
            self._configuration,
            at=wall_time(at),
            phase=phase,
            status=failure.status if failure else "success",
            error_type=failure.error_type if failure else None,
        )

    async def _publish_report(
        self, programs: Programs, phase: InitPhase, result: PhaseResult
    ) -> None:
        at, failure = wall_time(result.ended), result.failure
        report = platform_events.init_report(
            self._configuration,
            at=at,
            duration_ms=result.duration_ms,
            phase=phase,
            status=failure.status if failure else "success",
            error_type=failure.error_type if failure else None,
        )
        await programs.flush_output_before(report)
        for each in programs.extensions:
            self._publish(
                platform_events.extension(
                    each.name,
                    at=at,
                    state=each.state.value,
                    events=each.events,
                    error_type=each.failed.result().error_type if each.failed.done() else None,
                )
            )
        self._publish(report)


class _Waits:
    """Waits for programs until a deadline, in `time.monotonic()` seconds."""

    def __init__(self, programs: Programs, request_id: str, *, deadline: float) -> None:
        self._programs = programs
        self._request_id = request_id
        self._deadline = deadline

    async def until(
        self, *wanted: asyncio.Future[Any], seconds: float | None = None
    ) -> PhaseOutcome | None:
        """Wait until the deadline, or less; return what prevents that all futures are done."""
        remaining = self._deadline - time.monotonic()
        failure = await self._programs.until(
            *wanted,
            request_id=self._request_id,
            seconds=remaining if seconds is None else min(seconds, remaining),
        )
        if failure and failure.status == "timeout":
            failure = replace(failure, at=self._deadline)
        return failure


def _with_cause(failure: PhaseOutcome, names: list[str], verb: str) -> PhaseOutcome:
    """Return the failure with what a timeout waited for."""
    if failure.status != "timeout":
        return failure
    return replace(failure, cause=f"{named_extensions(names)} {verb}")
