"""An execution environment: one sandbox and its Lambda APIs, for consecutive invocations.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum
from threading import Thread
from typing import TYPE_CHECKING, Final, Self

from samlocal.errors import EnvironmentBusyError, EnvironmentUnusableError, SandboxError
from samlocal.execution import platform_events
from samlocal.execution.clock import wall_time
from samlocal.execution.endpoint_calls import project_endpoint
from samlocal.execution.init_phase import Initialiser
from samlocal.execution.invoke_phase import InvokeResult, TimeLimit, run_invocation
from samlocal.execution.journal import Journal
from samlocal.execution.kept_log import KeptLog
from samlocal.execution.outcomes import invocation_result
from samlocal.execution.programs import Programs
from samlocal.execution.thread_futures import awaitable
from samlocal.frozen_dataclass import frozen
from samlocal.invocation import Phase, Report
from samlocal.runtime_api.delivery import Delivery
from samlocal.runtime_api.http_server import Server
from samlocal.runtime_api.routes import Router
from samlocal.sandbox.output import GuardedLog

if TYPE_CHECKING:
    from samlocal.execution.outcomes import PhaseOutcome, PhaseResult
    from samlocal.execution.platform_events import InitPhase
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.invocation import Invocation, InvocationResult, PhaseName, ResponseSink
    from samlocal.runtime_api.extension_events import ShutdownReason
    from samlocal.sandbox.output import Log
    from samlocal.sandbox.sandbox import Sandbox

_log = logging.getLogger(__name__)

# Lambda gives Init ten seconds, and then runs it again as part of the first invocation:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
INIT_SECONDS: Final = 10.0
# Outside of invocations, as at the publication of a version, it has more, and always the function's timeout.
_LONG_INIT_SECONDS: Final = 130.0
_LONGEST_INIT_SECONDS: Final = 900.0
_STOP_SECONDS: Final = 5.0


class EnvironmentState(Enum):
    """The state of an execution environment."""

    STARTING = "starting"
    INITIALISING = "initialising"
    IDLE = "idle"
    BUSY = "busy"
    STOPPING = "stopping"
    GONE = "gone"


@frozen
class Preparation:
    """What came before an invocation.

    `begun` is the start of an Init that counts as part of the invocation (`time.monotonic()` seconds), and
    `init_duration_ms` the duration of one that does not; both are None without Init. With SnapStart it is
    followed by Restore, whose duration counts instead. `failure` is that of either.
    """

    begun: float | None = None
    init_duration_ms: float | None = None
    restore_duration_ms: float | None = None
    failure: PhaseOutcome | None = None


class ExecutionEnvironment:
    """One function's environment: enter it, invoke any number of times, stop it.

    The caller owns the sandbox. Invocations run one after the other. After a timeout, a crash or a failed
    Init, the next invocation starts the runtime and the extensions again in the same sandbox, with the same
    /tmp, if the sandbox can do that. The environment is not usable after a cancelled `invoke`.

    `log` is the environment's log, like a log stream of CloudWatch. It gets the output of invocations
    without their own log, and all output after the last invocation. Output between two invocations belongs
    to the second one, as in Lambda, which freezes the processes meanwhile.

    If a log raises an error, it gets nothing more of that invocation, which runs to its end. `invoke` then
    raises the error instead of returning the result; a response sink that raises one is treated alike. An
    error of the environment's log after the last invocation is raised when the environment is left.

    Every call raises `SandboxError` if the sandbox could not start or was lost.
    """

    def __init__(self, sandbox: Sandbox, configuration: FunctionConfiguration, *, log: Log) -> None:
        self._sandbox = sandbox
        self._configuration = configuration
        self._log = _guard(log, configuration)
        self._started = awaitable(sandbox.started)
        self._journal = Journal(configuration, sandbox.connect)
        self._programs = Programs(sandbox, configuration, self._journal, is_first=True)
        self._initialiser = Initialiser(
            sandbox,
            configuration,
            publish=self._journal.publish,
            was_called=lambda: self._was_called,
        )
        self._current: Invocation | None = None
        self._served: Invocation | None = None
        self._was_called = False
        self._is_initialised = False
        self._needs_first_init = True
        self._is_ending = False
        self._is_given_up = False
        self._peak_memory_mb: int | None = None
        self._phases: list[Phase] = []
        self._ahead: Preparation | None = None
        self._kept = KeptLog()
        # Once, because the sandbox's futures remember all that wait for them.
        self._ends = awaitable(sandbox.exited), awaitable(sandbox.logs_ended)

    async def __aenter__(self) -> Self:
        listener = await awaitable(self._sandbox.listening)
        router = Router(lambda: self._programs.apis)
        self._server = Server(
            listener,
            router,
            accepts_peer=self._accepts_peer,
            endpoint=project_endpoint(self._configuration, self._journal.warn),
        )
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._is_ending = True
        self._connect(self._log)
        if exc_info[0] and self._sandbox.is_starting:
            # The programs go first: they would complain about an API that is gone.
            with suppress(TimeoutError, SandboxError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await asyncio.shield(self._started)
                    await self._end_sandbox()
        if exc_info[0] or self._is_given_up:
            # The engine may start them yet, or end them late.
            self._programs.close_output()
        await self._server.__aexit__(*exc_info)
        await self._journal.telemetry.close()
        self._log.flush()
        if not exc_info[0]:
            self._log.raise_error()

    @property
    def state(self) -> EnvironmentState:
        if self._sandbox.exited.done() or self._sandbox.logs_ended.done():
            return EnvironmentState.GONE
        if self._is_ending:
            return EnvironmentState.STOPPING
        if not self._started.done():
            return EnvironmentState.STARTING
        if self._needs_first_init:
            return EnvironmentState.INITIALISING
        return EnvironmentState.BUSY if self._current else EnvironmentState.IDLE

    @property
    def is_usable(self) -> bool:
        """Whether it accepts an invocation, now or after the current one."""
        return self.state not in {EnvironmentState.STOPPING, EnvironmentState.GONE}

    async def settle_end(self, seconds: float) -> None:
        """If the idle runtime does not wait for an invocation, wait until its end is known, at most so long.

        A runtime that is killed has gone before the engine reports it.
        """
        runtime = self._programs.apis.runtime
        if self._is_initialised and not (runtime.is_waiting or self._waits_for_restore):
            await self._programs.wait_for_end(*self._ends, *self._next_calls(), seconds=seconds)

    @property
    def _waits_for_restore(self) -> bool:
        return self._has_snap_start and not self._programs.apis.restore.finished.done()

    def _next_calls(self) -> tuple[asyncio.Future[None], ...]:
        """Return what is done when a runtime asks that was not waiting; one that is alone has gone then."""
        return ()

    async def initialise(self, log: Log | None = None) -> None:
        """Run Init before the first invocation, as for provisioned concurrency.

        What is written meanwhile goes to `log`; None means that the log of the first invocation gets it. That
        invocation reports Init, and runs it again if it failed.

        Raises:
            EnvironmentUnusableError: Init has run, or the environment has ended.
        """
        self._require_usable()
        if not self._needs_first_init:
            raise EnvironmentUnusableError("the execution environment is initialised already")
        # The log of the first invocation filters what it gets.
        guarded = GuardedLog(self._kept) if log is None else _guard(log, self._configuration)
        self._journal.log = guarded
        self._connect(guarded)
        try:
            self._ahead = await self._run_first_init(str(uuid.uuid4()))
            if not self._ahead.failure:
                await self._programs.flush_output()
        except BaseException as error:
            self._give_up(error)
            raise
        finally:
            self._connect(self._log if self._is_ending else None)
            self._journal.log = None

    async def invoke(
        self,
        invocation: Invocation,
        *,
        log: Log | None = None,
        response: ResponseSink | None = None,
        is_last: bool = False,
    ) -> InvocationResult:
        """Run one invocation, after Init if that is due, and wait for its end.

        `log` gets the output of this invocation and Lambda's lines about it; None means the environment's
        log. `response` gets the response as it comes. After the last invocation all programs end; without
        extensions they end before the lines that follow their output.

        Raises:
            EnvironmentBusyError: Another invocation is running.
            EnvironmentUnusableError: It accepts no more invocations, see `is_usable`, or serves another tenant.
        """
        self._require_usable()
        self._require_tenant(invocation)
        self._current = invocation
        guarded = self._log if log is None else _guard(log, self._configuration)
        self._journal.log = guarded
        delivery = Delivery(response)
        try:
            result = await self._run(invocation, guarded, delivery, is_last=is_last)
        except BaseException as error:
            self._give_up(error)
            raise
        finally:
            self._current = None
            self._journal.log = self._log
            self._connect(self._log if self._is_ending else None)
        if log is not None:
            guarded.flush()
        guarded.raise_error()
        delivery.raise_error()
        return result

    async def stop(self, reason: ShutdownReason = "spindown") -> None:
        """End all programs, as Lambda does in Shutdown, and wait for the end of their output."""
        self._is_ending = True
        if self._current is None:
            self._connect(self._log)
        await asyncio.shield(self._started)
        if self._programs.extensions:
            await self._shut_down(reason)
        await self._end_sandbox()

    def _give_up(self, error: BaseException) -> None:
        """Take no more invocations: the state of the programs is unknown."""
        self._is_ending = True
        # Nobody waits for what they write, such as complaints about an API that is gone.
        self._is_given_up = isinstance(error, asyncio.CancelledError)

    def _require_usable(self) -> None:
        if self._current:
            raise EnvironmentBusyError(
                f"the execution environment is busy with invocation `{self._current.request_id}`"
            )
        # The first invocation reports a failed Init.
        if self._is_ending or not (self._has_init_to_report or self.is_usable):
            raise EnvironmentUnusableError(
                f"the execution environment takes no more invocations: it is {self.state.value}",
                hint="start another one",
            )

    @property
    def _has_init_to_report(self) -> bool:
        return self._needs_first_init or self._ahead is not None

    def _require_tenant(self, invocation: Invocation) -> None:
        """Check that an invocation is of the same tenant as those before.

        https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
        """
        self._served = self._served or invocation
        if invocation.tenant_id != self._served.tenant_id:
            raise EnvironmentUnusableError(
                f"the execution environment serves the tenant `{self._served.tenant_id}`,"
                f" not `{invocation.tenant_id}`",
                hint="start another one",
            )

    async def _run(
        self, invocation: Invocation, log: Log, delivery: Delivery, *, is_last: bool
    ) -> InvocationResult:
        """Run one invocation; then prepare the environment for the next one, or end it."""
        preparation = await self._prepare(invocation.request_id, log, is_last=is_last)
        self._journal.publish(platform_events.start(invocation, at=datetime.now(UTC)))
        self._connect(log)
        result = await self._invoke(invocation, delivery, preparation)
        phase = result.phase
        _log.debug("the invocation ended: %s", phase.outcome)
        report = await self._report(invocation.request_id, result, preparation)
        has_extensions = bool(self._programs.extensions)
        if is_last and not has_extensions:
            await self.stop()
        elif phase.is_failure:
            await self._programs.kill_runtime()
        else:
            await self._programs.flush_output()
        if phase.status == "timeout":
            self._journal.note_timeout(invocation.request_id, phase.cause)
        elif phase.cause:
            self._journal.note_late_failure(invocation.request_id, phase.cause)
        self._journal.publish(
            platform_events.report(self._configuration, invocation, report, at=datetime.now(UTC))
        )
        await delivery.finish(phase.answer)
        reason = _shutdown_reason(phase)
        if is_last and has_extensions:
            await self.stop(reason)
        elif phase.is_failure and not is_last:
            await self._restart(reason)
        phases, self._phases = self._phases, []
        return invocation_result(phase, report, phases)

    async def _prepare(self, request_id: str, log: Log, *, is_last: bool) -> Preparation:
        """Run Init if it is due, with its output in the log."""
        if self._ahead:
            self._kept.give_to(log)
        if self._is_initialised and self._programs.runtime_has_ended:
            self._connect(log)  # what the programs wrote before they ended
            await self._restart("failure")
        elif self._is_initialised and not self._ahead:
            return Preparation()
        self._connect(log)
        preparation = await self._initialise(request_id)
        if not preparation.failure:
            # A single invocation without subscribers to its output does not wait long for this.
            at_once = is_last and not self._programs.extensions
            await self._programs.flush_output(at_once=at_once)
        return preparation

    async def _initialise(self, request_id: str) -> Preparation:
        """Run Init for new programs; if the first one fails, a second time as a part of the invocation."""
        ahead, self._ahead = self._ahead, None
        if ahead and not (self._is_initialised or ahead.failure):
            ahead = None  # its programs have ended since
        if ahead or self._needs_first_init or self._has_snap_start:
            first = ahead or await self._run_first_init(request_id)
            if not first.failure:
                return await self._restore(request_id) if self._has_snap_start else first
            # Without a snapshot there is nothing to invoke.
            if self._has_snap_start or not self._sandbox.can_restart:
                return first
            await self._restart(_shutdown_reason(first.failure))
        begun = time.monotonic()
        init = await self._run_init("invoke", begun, request_id)
        return Preparation(begun=begun, failure=init.failure)

    async def _run_first_init(self, request_id: str) -> Preparation:
        """Run an Init that is not a part of an invocation."""
        started = await asyncio.shield(self._started)
        begun = started.at if self._needs_first_init else time.monotonic()
        init = await self._run_init("init", begun, request_id)
        self._needs_first_init = False
        if not init.failure:
            self._sandbox.end_init()
            _log.debug("the runtime is ready, Init took %.0f ms", init.duration_ms)
            return Preparation(init_duration_ms=init.duration_ms)
        if init.failure.cause:
            seconds = init_seconds(self._configuration)
            self._journal.note(f"Init took more than {seconds:.0f} seconds: {init.failure.cause}")
        return Preparation(begun=begun, failure=init.failure)

    @property
    def _has_snap_start(self) -> bool:
        return self._configuration.initialization_type == "snap-start"

    async def _restore(self, request_id: str) -> Preparation:
        from samlocal.execution.restore_phase import restore  # noqa: PLC0415  # only SnapStart needs it

        restored = await restore(
            self._programs,
            self._configuration,
            publish=self._journal.publish,
            request_id=request_id,
        )
        self._note_phase("restore", restored.begun, restored.ended, restored.failure)
        return Preparation(
            begun=restored.begun if restored.failure else None,
            restore_duration_ms=None if restored.failure else restored.duration_ms,
            failure=restored.failure,
        )

    async def _run_init(self, phase: InitPhase, begun: float, request_id: str) -> PhaseResult:
        timeout_seconds = self._configuration.timeout_seconds
        seconds = init_seconds(self._configuration) if phase == "init" else timeout_seconds
        if phase == "init" and not self._sandbox.can_restart:
            seconds += self._configuration.timeout_seconds
        init = await self._initialiser.run(
            self._programs,
            phase=phase,
            begun=begun,
            seconds=math.inf if self._configuration.unlimited else seconds,
            request_id=request_id,
        )
        self._is_initialised = not init.failure
        self._note_phase("init", begun, init.ended, init.failure)
        return init

    async def _invoke(
        self, invocation: Invocation, delivery: Delivery, preparation: Preparation
    ) -> InvokeResult:
        if preparation.failure:
            delivery.finish(preparation.failure.answer)
            return InvokeResult(begun=time.monotonic(), phase=preparation.failure)
        limit = TimeLimit(seconds=self._configuration.timeout_seconds, since=preparation.begun)

        async def runtime_done(result: InvokeResult) -> None:
            done = platform_events.runtime_done(
                invocation,
                at=wall_time(result.phase.at),
                duration_ms=(result.phase.at - result.begun) * 1000,
                produced_bytes=result.produced_bytes,
                status=result.phase.status,
                error_type=result.phase.error_type,
                spans=result.spans,
            )
            await self._programs.flush_output_before(done, for_extensions=True)
            self._journal.publish(done)

        result = await run_invocation(
            self._programs,
            invocation,
            limit=limit,
            unlimited=self._configuration.unlimited,
            delivery=delivery,
            runtime_done=runtime_done,
        )
        self._note_phase("invoke", result.begun, result.phase.at, result.phase)
        return result

    async def _report(
        self, request_id: str, result: InvokeResult, preparation: Preparation
    ) -> Report:
        phase, memory_mb = result.phase, self._configuration.memory_mb
        if phase.out_of_memory:
            peak_memory_mb: int | None = memory_mb
        else:
            peak_memory_mb = await self._measure_memory()
        # The peak is the environment's, as in Lambda; some processes may have ended since.
        known = [each for each in (self._peak_memory_mb, peak_memory_mb) if each is not None]
        self._peak_memory_mb = max(known, default=None)
        begun = result.begun if preparation.begun is None else preparation.begun
        restore_ms = preparation.restore_duration_ms
        return Report(
            request_id=request_id,
            duration_ms=(phase.at - begun) * 1000,
            memory_size_mb=memory_mb,
            max_memory_used_mb=self._peak_memory_mb,
            init_duration_ms=preparation.init_duration_ms,
            restore_duration_ms=restore_ms,
            billed_restore_duration_ms=None if restore_ms is None else math.ceil(restore_ms),
            status=phase.status,
            error_type=phase.error_type,
            spans=result.spans,
            produced_bytes=result.produced_bytes,
            response_mode=result.response_mode,
        )

    async def _measure_memory(self) -> int | None:
        if self._sandbox.measures_at_once:
            return self._sandbox.peak_memory_mb()
        return await asyncio.to_thread(self._sandbox.peak_memory_mb)

    async def _restart(self, reason: ShutdownReason) -> None:
        """End all programs, so that the next invocation starts new ones in the same sandbox."""
        if not self._sandbox.can_restart:
            await self._end_sandbox()
            self._is_ending = True
            return
        await self._shut_down(reason)
        self._journal.end_lines()
        await self._journal.telemetry.reset()
        # A call of a program that has ended must not reach the APIs of the next one.
        await self._server.forget_clients()
        self._is_initialised = False
        self._programs = Programs(self._sandbox, self._configuration, self._journal)
        self._connect(self._journal.log)

    async def _shut_down(self, reason: ShutdownReason) -> None:
        if not self._programs.extensions:
            await self._programs.kill()
            return
        from samlocal.execution.shutdown_phase import shut_down  # noqa: PLC0415  # few functions have extensions

        begun = time.monotonic()
        await shut_down(self._programs, self._journal.telemetry, reason)
        self._note_phase("shutdown", begun, time.monotonic())

    def _note_phase(
        self, name: PhaseName, begun: float, ended: float, outcome: PhaseOutcome | None = None
    ) -> None:
        """Keep a phase for the result of the invocation."""
        self._phases.append(phase_of(name, begun, ended, outcome))

    async def _end_sandbox(self) -> None:
        """End the sandbox with everything in it, and wait for the end of its output."""
        # The engine answers only after the container has ended, long after its output.
        Thread(target=self._sandbox.stop, daemon=True).start()
        await awaitable(self._sandbox.logs_ended)

    def _connect(self, log: Log | None) -> None:
        self._programs.connect_output(log)
        if self._is_ending:
            self._programs.release_output()

    async def _accepts_peer(self, host: str, port: int) -> bool:
        if not self._started.done():
            with suppress(SandboxError):
                await asyncio.shield(self._started)
        if self._started.exception():
            return False
        accepted = self._sandbox.accepts_peer(host, port)
        self._was_called |= accepted
        return accepted


def _guard(log: Log, configuration: FunctionConfiguration) -> GuardedLog:
    if configuration.log_format == "JSON":
        from samlocal.execution.application_log import application_log  # noqa: PLC0415  # few functions log JSON

        log = application_log(log, configuration)
    return GuardedLog(log)


def phase_of(
    name: PhaseName, begun: float, ended: float, outcome: PhaseOutcome | None = None
) -> Phase:
    """Return a phase with its times in `time.monotonic()` seconds."""
    phase = Phase(name=name, start=wall_time(begun), duration_ms=(ended - begun) * 1000)
    if outcome:
        phase = replace(phase, status=outcome.status, error_type=outcome.error_type)
    return phase


def init_seconds(configuration: FunctionConfiguration) -> float:
    """Return the time that Init may take outside of an invocation."""
    if configuration.initialization_type == "on-demand":
        return INIT_SECONDS
    return min(max(_LONG_INIT_SECONDS, configuration.timeout_seconds), _LONGEST_INIT_SECONDS)


def _shutdown_reason(phase: PhaseOutcome) -> ShutdownReason:
    if not phase.is_failure:
        return "spindown"
    return "timeout" if phase.status == "timeout" else "failure"
