"""An execution environment on Lambda Managed Instances, which serves several invocations at once.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-execution-environment.html
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from samlocal.errors import EnvironmentBusyError, EnvironmentUnusableError
from samlocal.execution import platform_events
from samlocal.execution.concurrent_invoke_phase import run_concurrent_invocation
from samlocal.execution.environment import (
    EnvironmentState,
    ExecutionEnvironment,
    Preparation,
    init_seconds,
    phase_of,
)
from samlocal.execution.invoke_phase import InvokeResult
from samlocal.execution.outcomes import invocation_result
from samlocal.runtime_api.concurrent_runtime import ConcurrentRuntimeApi
from samlocal.runtime_api.delivery import Delivery
from samlocal.sandbox.output import GuardedLog

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.invocation import Invocation, InvocationResult, Phase, ResponseSink
    from samlocal.sandbox.output import Log
    from samlocal.sandbox.sandbox import Sandbox

_log = logging.getLogger(__name__)

_T = TypeVar("_T")


class _Life:
    """The programs from their Init to their end, and the invocations that they serve.

    `ended` is set as soon as the programs have failed.
    """

    def __init__(self, initialised: asyncio.Task[Preparation]) -> None:
        self.initialised = initialised
        self.ended: asyncio.Task[None] | None = None
        self.is_idle = asyncio.Event()
        self._invocations = 0

    def __enter__(self) -> None:
        """Begin an invocation."""
        self._invocations += 1
        self.is_idle.clear()

    def __exit__(self, *exc_info: object) -> None:
        self._invocations -= 1
        if not self._invocations:
            self.is_idle.set()


class ConcurrentEnvironment(ExecutionEnvironment):
    """An environment for up to `max_concurrency` invocations at once.

    All of them share Init, which comes before them and is not repeated if it fails. An invocation that takes
    too long, or whose `invoke` is cancelled, is given up; the others go on, and so does its worker. If the
    runtime or an extension ends, all running invocations fail, and the next one starts new programs.

    Nobody knows which invocation a line of output belongs to: all output goes to the environment's log, as it
    comes. The log of an invocation gets Lambda's lines about it only.
    """

    def __init__(self, sandbox: Sandbox, configuration: FunctionConfiguration, *, log: Log) -> None:
        super().__init__(sandbox, configuration, log=log)
        self._journal.log = self._log
        self._running: set[str] = set()
        self._life: _Life | None = None
        self._reported: _Life | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._workers_deadline = 0.0

    async def __aexit__(self, *exc_info: object) -> None:
        self._is_ending = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await super().__aexit__(*exc_info)

    @property
    def state(self) -> EnvironmentState:
        state = super().state
        is_full = len(self._running) >= self._configuration.max_concurrency
        return EnvironmentState.BUSY if state is EnvironmentState.IDLE and is_full else state

    async def initialise(self, log: Log | None = None) -> None:
        """Run Init before the first invocation; see `ExecutionEnvironment.initialise`.

        What is written goes to the environment's log, as always.
        """
        del log
        self._require_usable()
        if self._life:
            raise EnvironmentUnusableError("the execution environment is initialised already")
        life = self._life = self._present_life(str(uuid.uuid4()))
        await asyncio.shield(life.initialised)

    async def invoke(
        self,
        invocation: Invocation,
        *,
        log: Log | None = None,
        response: ResponseSink | None = None,
        is_last: bool = False,
    ) -> InvocationResult:
        """Run an invocation beside others, after Init if that is due, and wait for its end.

        The last invocation ends the environment at its own end.

        Raises:
            EnvironmentBusyError: There are `max_concurrency` others, or one with the same request ID.
            EnvironmentUnusableError: It accepts no more invocations, see `is_usable`, or serves another tenant.
        """
        self._require_usable()
        self._require_tenant(invocation)
        self._require_room(invocation)
        self._running.add(invocation.request_id)
        guarded = self._log if log is None else GuardedLog(log)
        delivery = Delivery(response)
        try:
            result = await self._run(invocation, guarded, delivery, is_last=is_last)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self._give_up(error)
            raise
        finally:
            self._running.discard(invocation.request_id)
        guarded.raise_error()
        delivery.raise_error()
        return result

    def _next_calls(self) -> tuple[asyncio.Future[None], ...]:
        """Return what is done when a worker asks, which may just have answered."""
        runtime = self._programs.apis.runtime
        return (runtime.next_call,) if isinstance(runtime, ConcurrentRuntimeApi) else ()

    def _require_room(self, invocation: Invocation) -> None:
        if invocation.request_id in self._running:
            raise EnvironmentBusyError(
                f"the invocation `{invocation.request_id}` is running already",
                hint="each invocation needs a request ID of its own",
            )
        limit = self._configuration.max_concurrency
        if len(self._running) >= limit:
            raise EnvironmentBusyError(
                f"the execution environment is busy with {limit} invocations"
            )

    async def _run(
        self, invocation: Invocation, log: Log, delivery: Delivery, *, is_last: bool
    ) -> InvocationResult:
        phases: tuple[Phase, ...] = ()
        life = self._life = self._present_life(invocation.request_id)
        is_first, self._reported = life is not self._reported, life
        with life:
            preparation = await asyncio.shield(life.initialised)
            if is_first:
                phases = self._take_phases()
            else:
                preparation = replace(preparation, init_duration_ms=None)
            result = await self._serve(life, invocation, preparation, log, delivery)
            phases = (*phases, *result.phases)
            if is_last:
                await self.stop("failure" if life.ended else "spindown")
                phases = (*phases, *self._take_phases())
        if life.ended:
            await asyncio.shield(life.ended)
        return replace(result, phases=phases)

    def _take_phases(self) -> tuple[Phase, ...]:
        """Return the phases that belong to no invocation yet."""
        phases, self._phases = tuple(self._phases), []
        return phases

    def _present_life(self, request_id: str) -> _Life:
        """Return the life of the programs, a new one if they have ended."""
        life = self._life
        if life is None:
            return self._begin_life(request_id, after=None)
        if life.initialised.done() and self._programs.failure(request_id):
            self._end_life(life)
        return self._begin_life(request_id, after=life.ended) if life.ended else life

    def _begin_life(self, request_id: str, *, after: asyncio.Task[None] | None) -> _Life:
        async def begin() -> Preparation:
            if after:
                await asyncio.shield(after)
                self._require_usable()
            self._connect(self._log)
            return await self._initialise(request_id)

        return _Life(self._start_task(begin()))

    def _end_life(self, life: _Life) -> None:
        """Let the next invocation start new programs, when those that are running have ended."""

        async def end() -> None:
            await life.is_idle.wait()
            if not self._is_ending:
                await self._restart("failure")

        if life.ended is None:
            life.ended = self._start_task(end())

    def _start_task(self, work: Coroutine[None, None, _T]) -> asyncio.Task[_T]:
        """Start what several invocations wait for, so that none of them takes it along."""

        def forget(task: asyncio.Task[_T]) -> None:
            self._tasks.discard(task)
            if not task.cancelled():
                task.exception()  # those that wait for it raise it

        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(forget)
        return task

    async def _initialise(self, request_id: str) -> Preparation:
        """Run Init for new programs."""
        is_first = self._needs_first_init
        begun = (await asyncio.shield(self._started)).at if is_first else time.monotonic()
        self._workers_deadline = begun + init_seconds(self._configuration)
        init = await self._run_init("init", begun, request_id)
        self._needs_first_init = False
        if init.failure:
            return Preparation(begun=begun, failure=init.failure)
        if is_first:
            self._sandbox.end_init()
        return Preparation(init_duration_ms=init.duration_ms)

    async def _serve(
        self,
        life: _Life,
        invocation: Invocation,
        preparation: Preparation,
        log: Log,
        delivery: Delivery,
    ) -> InvocationResult:
        """Run one invocation in programs whose Init has ended."""
        self._journal.publish(platform_events.start(invocation, at=datetime.now(UTC)), log)
        if preparation.failure:
            delivery.finish(preparation.failure.answer)
            result = InvokeResult(begun=time.monotonic(), phase=preparation.failure)
        else:
            result = await run_concurrent_invocation(
                self._programs,
                invocation,
                self._configuration,
                workers_deadline=self._workers_deadline,
                delivery=delivery,
            )
        phase = result.phase
        invoke = phase_of("invoke", result.begun, phase.at, phase)
        _log.debug("invocation %s ended: %s", invocation.request_id, phase.outcome)
        if preparation.failure or phase.status == "error":
            self._end_life(life)
            await self._programs.kill_runtime()
        else:
            await self._programs.flush_output()
        report = await self._report(invocation.request_id, result, preparation)
        self._journal.publish(
            platform_events.report(self._configuration, invocation, report, at=datetime.now(UTC)),
            log,
        )
        await delivery.finish(phase.answer)
        return invocation_result(phase, report, () if preparation.failure else (invoke,))
