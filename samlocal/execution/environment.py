"""An execution environment: one sandbox and its Runtime API, for consecutive invocations.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from enum import Enum
from threading import Thread
from typing import TYPE_CHECKING, Final, Self

from samlocal.errors import EnvironmentBusyError, EnvironmentUnusableError, SandboxError
from samlocal.execution.phases import Phases
from samlocal.execution.platform_lines import end_lines, start_line
from samlocal.execution.thread_futures import awaitable
from samlocal.invocation import InvocationResult, Report
from samlocal.runtime_api.apis import SandboxApis
from samlocal.runtime_api.delivery import Delivery
from samlocal.runtime_api.http_server import Server
from samlocal.runtime_api.routes import Router
from samlocal.sandbox.output import GuardedLog

if TYPE_CHECKING:
    from samlocal.execution.outcomes import PhaseOutcome
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.invocation import Invocation, ResponseSink
    from samlocal.sandbox.output import Log
    from samlocal.sandbox.sandbox import Sandbox

_log = logging.getLogger(__name__)

_STOP_SECONDS: Final = 5.0


class EnvironmentState(Enum):
    """The state of an execution environment."""

    STARTING = "starting"
    INITIALISING = "initialising"
    IDLE = "idle"
    BUSY = "busy"
    STOPPING = "stopping"
    GONE = "gone"


class ExecutionEnvironment:
    """One function's environment: enter it, invoke any number of times, stop it.

    The caller owns the sandbox. Invocations run one after the other. The environment is not usable after a
    timeout, the end of the runtime, a failed Init or a cancelled `invoke`: the next invocation needs a new
    environment.

    `log` is the environment's log, like a log stream of CloudWatch. It gets the output of invocations
    without their own log, and the function's output after its last invocation. Output between two
    invocations belongs to the second one, as in Lambda, which freezes the process meanwhile.

    If a log raises an error, it gets nothing more of that invocation, which runs to its end. `invoke` then
    raises the error instead of returning the result; a response sink that raises one is treated alike. An
    error of the environment's log after the last invocation is raised when the environment is left.

    Every call raises `SandboxError` if the sandbox could not start or was lost.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        configuration: FunctionConfiguration,
        *,
        log: Log,
    ) -> None:
        self._sandbox = sandbox
        self._configuration = configuration
        self._log = GuardedLog(log)
        self._apis = SandboxApis(configuration)
        self._runtime = self._apis.runtime
        self._phases = Phases(sandbox, self._runtime, configuration)
        self._current: Invocation | None = None
        self._is_first = True
        self._is_ending = False
        self._peak_memory_mb: int | None = None

    async def __aenter__(self) -> Self:
        listener = await awaitable(self._sandbox.listening)
        self._server = Server(
            listener, Router(lambda: self._apis), accepts_peer=self._phases.accepts_peer
        )
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._is_ending = True
        self._sandbox.output.connect(self._log)
        if exc_info[0]:
            # The runtime goes first: it would complain about an API that is gone.
            if self._sandbox.is_starting:
                with suppress(TimeoutError, SandboxError):
                    async with asyncio.timeout(_STOP_SECONDS):
                        await asyncio.shield(self._phases.started)
                        await self.stop()
            # The engine may start it yet, or end it late.
            self._sandbox.output.connect(None)
            self._sandbox.output.close()
        await self._server.__aexit__(*exc_info)
        if not exc_info[0]:
            self._log.raise_error()

    @property
    def state(self) -> EnvironmentState:
        runtime = self._sandbox.runtime
        if runtime.exited.done() or runtime.output_ended.done():
            return EnvironmentState.GONE
        if self._is_ending:
            return EnvironmentState.STOPPING
        if not self._phases.started.done():
            return EnvironmentState.STARTING
        if not self._runtime.initialised.done():
            return EnvironmentState.INITIALISING
        return EnvironmentState.BUSY if self._current else EnvironmentState.IDLE

    @property
    def is_usable(self) -> bool:
        """Whether it accepts an invocation, now or after the current one."""
        return self.state not in {EnvironmentState.STOPPING, EnvironmentState.GONE}

    async def invoke(
        self,
        invocation: Invocation,
        *,
        log: Log | None = None,
        response: ResponseSink | None = None,
        is_last: bool = False,
    ) -> InvocationResult:
        """Run one invocation, the first one after Init, and wait for its end.

        `log` gets the output of this invocation and Lambda's lines about it; None means the environment's
        log. `response` gets the response as soon as the runtime sends it, before the end of the invocation.
        After the last invocation the sandbox is stopped before the lines that follow the output.

        Raises:
            EnvironmentBusyError: Another invocation is running.
            EnvironmentUnusableError: It accepts no more invocations; see `is_usable`.
        """
        self._require_usable()
        self._current = invocation
        guarded = self._log if log is None else GuardedLog(log)
        delivery = Delivery(response)
        try:
            phase = await self._run(invocation, guarded, delivery, is_last=is_last)
            delivering = delivery.finish(phase.answer)
            _log.debug("the invocation ended: %s", phase.outcome)
            goes_on = not is_last and self._survives(phase)
            result = await self._result(invocation.request_id, phase)
            if goes_on:
                await asyncio.to_thread(self._sandbox.flush_output)
            else:
                await self.stop()
            await delivering
        except BaseException:
            self._is_ending = True  # the state of the runtime is unknown
            raise
        finally:
            self._current = None
            self._is_first = False
            self._sandbox.output.connect(self._log if self._is_ending else None)
        for line in end_lines(result, timeout_seconds=self._configuration.timeout_seconds):
            guarded.line(line)
        guarded.raise_error()
        delivery.raise_error()
        return result

    async def stop(self) -> None:
        """Stop the sandbox and wait for the end of its output."""
        self._is_ending = True
        if self._current is None:
            self._sandbox.output.connect(self._log)
        await asyncio.shield(self._phases.started)
        # The engine answers only after the container has ended, long after its output.
        Thread(target=self._sandbox.stop, daemon=True).start()
        await awaitable(self._sandbox.logs_ended)

    def _require_usable(self) -> None:
        if self._current:
            raise EnvironmentBusyError(
                f"the execution environment is busy with invocation `{self._current.request_id}`"
            )
        # The first invocation reports a failed Init.
        if self._is_ending or not (self._is_first or self.is_usable):
            raise EnvironmentUnusableError(
                f"the execution environment takes no more invocations: it is {self.state.value}",
                hint="start another one",
            )

    def _survives(self, phase: PhaseOutcome) -> bool:
        """Return whether the runtime is ready for the next invocation."""
        return phase.outcome in {"success", "error"} and self._runtime.is_waiting

    async def _run(
        self, invocation: Invocation, log: Log, response: Delivery, *, is_last: bool
    ) -> PhaseOutcome:
        """Run one invocation to its end, the first one after Init."""
        if not self._is_first:
            log.line(start_line(invocation))
            self._sandbox.output.connect(log)
            return await self._phases.invoke(invocation, log, response)
        # The output of Init comes before START.
        self._sandbox.output.connect(log)
        failure = await self._phases.initialise(invocation.request_id, log)
        if not failure and not is_last:  # a single invocation does not wait for this
            await asyncio.to_thread(self._sandbox.flush_output)
        log.line(start_line(invocation))
        return failure or await self._phases.invoke(invocation, log, response)

    async def _result(self, request_id: str, phase: PhaseOutcome) -> InvocationResult:
        if phase.out_of_memory:
            peak_memory_mb: int | None = self._configuration.memory_mb
        else:
            peak_memory_mb = await asyncio.to_thread(self._sandbox.peak_memory_mb)
        # The peak is the environment's, as in Lambda; some processes may have ended since.
        known = [each for each in (self._peak_memory_mb, peak_memory_mb) if each is not None]
        self._peak_memory_mb = max(known, default=None)
        report = Report(
            request_id=request_id,
            duration_ms=(phase.at - self._phases.begun) * 1000,
            memory_size_mb=self._configuration.memory_mb,
            max_memory_used_mb=self._peak_memory_mb,
            init_duration_ms=self._phases.init_duration_ms if self._is_first else None,
            status=phase.status,
            error_type=phase.error_type if phase.outcome == "failure" else None,
        )
        return InvocationResult(
            outcome=phase.outcome,
            payload=phase.answer.payload,
            content_type=phase.answer.content_type,
            error=phase.answer.error,
            report=report,
        )
