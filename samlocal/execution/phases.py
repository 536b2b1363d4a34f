"""The phases of a runtime, Init and Invoke, until the runtime, its sandbox or a timeout ends them."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, TypeVar, cast

from samlocal.errors import HostNotReachableError, SandboxError
from samlocal.execution.outcomes import PhaseOutcome, exited, failed_to_initialise, timed_out
from samlocal.execution.platform_lines import init_report_line, late_line
from samlocal.execution.thread_futures import awaitable

if TYPE_CHECKING:
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.invocation import Invocation
    from samlocal.runtime_api.delivery import Delivery
    from samlocal.runtime_api.exchange import Exchange
    from samlocal.runtime_api.runtime_routes import Runtime
    from samlocal.sandbox.output import Log
    from samlocal.sandbox.sandbox import Sandbox

_log = logging.getLogger(__name__)

# Lambda gives Init ten seconds; the rest of a longer Init counts as part of the first invocation:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
INIT_SECONDS: Final = 10.0
# After this time without a call, check whether the runtime can reach the API.
_CONTACT_SECONDS: Final = 3.0
_EXIT_SECONDS: Final = 5.0

_T = TypeVar("_T")


class Phases:
    """Runs Init of one sandbox once, and then consecutive invocations.

    `started` is the sandbox's. `begun` is the start of the last invocation in
    `time.monotonic()` seconds: that of Init if it failed, the end of Init's time limit if it took too
    long. `init_duration_ms` is the duration of Init, None if it failed or took too long.
    """

    def __init__(
        self, sandbox: Sandbox, runtime: Runtime, configuration: FunctionConfiguration
    ) -> None:
        self.started = awaitable(sandbox.started)
        self._exited = awaitable(sandbox.runtime.exited)
        self.begun = 0.0
        self.init_duration_ms: float | None = None
        self._sandbox = sandbox
        self._runtime = runtime
        self._memory_mb = configuration.memory_mb
        self._timeout_seconds = configuration.timeout_seconds
        self._is_unlimited = configuration.unlimited
        self._was_called = False
        self._overran = False

    async def initialise(self, request_id: str, log: Log) -> PhaseOutcome | None:
        """Wait for the end of Init; return its outcome if it failed."""
        self.begun = started_at = (await asyncio.shield(self.started)).at
        initialised = self._runtime.initialised
        reached = await self._wait(initialised, _CONTACT_SECONDS)
        if reached == "timeout":
            await self._require_contact()
            init_seconds = math.inf if self._is_unlimited else INIT_SECONDS
            reached = await self._wait(initialised, started_at + init_seconds - time.monotonic())
        if reached == "timeout":
            log.line(init_report_line(INIT_SECONDS * 1000, "timeout"))
            self._overran = True
            self.begun += INIT_SECONDS
            deadline = self.begun + self._timeout_seconds
            reached = await self._wait(initialised, deadline - time.monotonic())
            if reached == "timeout":
                return timed_out(request_id, self._timeout_seconds, at=deadline)
        if reached == "exit":
            await self._require_contact()
            ending = self._exit_outcome(request_id, since=self.begun)
        elif failure := initialised.result().failure:
            at = max(initialised.result().at, self.begun)
            ending = failed_to_initialise(failure, at=at)
        else:
            self._sandbox.end_init()
            duration_ms = max(0.0, (initialised.result().at - started_at) * 1000)
            _log.debug("the runtime is ready, Init took %.0f ms", duration_ms)
            if not self._overran:
                self.init_duration_ms = duration_ms
            return None
        milliseconds = (ending.at - started_at) * 1000
        log.line(init_report_line(milliseconds, "error", ending.error_type))
        return ending

    async def invoke(self, invocation: Invocation, log: Log, response: Delivery) -> PhaseOutcome:
        """Give an invocation to the runtime and wait for its end."""
        overran, self._overran = self._overran, False
        seconds = self._timeout_seconds
        if overran:
            seconds -= time.monotonic() - self.begun
        deadline_ms = _shown_deadline(invocation, seconds)
        exchange = self._runtime.deliver(invocation, deadline_ms=deadline_ms, response=response)
        phase = await self._follow(exchange, math.inf if self._is_unlimited else seconds, log)
        if not overran:
            self.begun = exchange.begun
        return phase

    async def accepts_peer(self, host: str, port: int) -> bool:
        try:
            await asyncio.shield(self.started)
        except SandboxError:
            return False
        accepted = self._sandbox.accepts_peer(host, port)
        self._was_called |= accepted
        return accepted

    async def _follow(self, exchange: Exchange, seconds: float, log: Log) -> PhaseOutcome:
        """Wait until the runtime calls `next` again or the time is up."""
        request_id = exchange.invocation.request_id
        reached = await self._wait(exchange.answer, seconds)
        deadline = exchange.begun + seconds
        if reached == "timeout":
            return timed_out(request_id, self._timeout_seconds, at=deadline)
        if reached == "exit":
            return self._exit_outcome(request_id, since=exchange.begun)
        exchange.delivery.finish(exchange.answer.result())
        if await self._wait(exchange.finished, deadline - time.monotonic()) == "timeout":
            log.line(late_line(request_id, self._timeout_seconds))
        answer = exchange.answer.result()
        at = exchange.finished.result() if exchange.finished.done() else time.monotonic()
        return PhaseOutcome(answer=answer, outcome="error" if answer.error else "success", at=at)

    def _exit_outcome(self, request_id: str, *, since: float) -> PhaseOutcome:
        """Return the outcome of a runtime that exited in a phase that began at `since`."""
        exit_ = self._exited.result()
        # An engine may report the start of a short program later than the end of its output, and a
        # runtime may close its output long before it exits.
        exit_ = replace(exit_, at=max(exit_.at, since))
        return exited(request_id, exit_, self._memory_mb)

    async def _wait(
        self, future: asyncio.Future[_T], seconds: float
    ) -> Literal["done", "exit", "timeout"]:
        """Wait for the future, the end of the runtime or the timeout, whichever is first."""
        either = {cast("asyncio.Future[object]", each) for each in (future, self._exited)}
        seconds = max(0.0, seconds)
        await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if self._sandbox.runtime.output_ended.done():
            # The runtime ended in time; its exit status arrives later.
            await asyncio.wait(either, timeout=_EXIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if future.done():
            return "done"
        if self._exited.done():
            self._exited.result()
            return "exit"
        return "timeout"

    async def _require_contact(self) -> None:
        """Check that a runtime without any call can reach the Runtime API.

        Raises:
            HostNotReachableError: The sandbox cannot connect to the Runtime API.
        """
        if self._was_called:
            return
        if await asyncio.to_thread(self._sandbox.reaches_host) is False:
            raise HostNotReachableError(
                "the container cannot reach the Runtime API on this machine",
                hint="a firewall may block connections from the engine's network to this machine:"
                " allow them (for example `iptables -I INPUT -i docker0 -j ACCEPT`);"
                " run `samlocal doctor` for details",
            )


def _shown_deadline(invocation: Invocation, seconds: float) -> int:
    """Return the deadline that the function sees, as Unix time in milliseconds."""
    if invocation.deadline_ms is not None:
        return invocation.deadline_ms
    remaining_ms = invocation.remaining_time_ms
    if remaining_ms is None:
        remaining_ms = int(seconds * 1000)
    return int(time.time() * 1000) + remaining_ms
