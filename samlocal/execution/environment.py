"""An execution environment: one sandbox and its Runtime API, through their phases."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Final, Literal, Self, TypeVar, cast

from samlocal.errors import HostNotReachableError, SandboxError
from samlocal.execution.outcomes import PhaseOutcome, exited, failed_to_initialise, timed_out
from samlocal.invocation import InvocationResult, Report
from samlocal.runtime_api.http_server import Server
from samlocal.runtime_api.routes import Router
from samlocal.runtime_api.runtime import RuntimeApi

if TYPE_CHECKING:
    import concurrent.futures

    from samlocal.invocation import Invocation
    from samlocal.runtime_api.runtime import Exchange
    from samlocal.sandbox.sandbox import Log, Sandbox

_log = logging.getLogger(__name__)

# Lambda gives Init ten seconds; what goes beyond counts as part of the first invocation:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
INIT_SECONDS: Final = 10.0
# A runtime that has not called by then is asked whether it can.
_CONTACT_SECONDS: Final = 3.0
_STOP_SECONDS: Final = 5.0
_EXIT_SECONDS: Final = 5.0

_T = TypeVar("_T")


class ExecutionEnvironment:
    """One function's environment. Enter it, invoke, stop it; the sandbox is its caller's.

    Every call raises `SandboxError` where the sandbox could not be had, or was lost. A `unlimited` one
    gives Init and Invoke all the time that they take: a person with a debugger holds them.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        memory_mb: int,
        timeout_seconds: float,
        log: Log,
        unlimited: bool = False,
    ) -> None:
        self._sandbox = sandbox
        self._memory_mb = memory_mb
        self._timeout_seconds = timeout_seconds
        self._patient = unlimited
        self._log = log
        self._runtime = RuntimeApi()
        self._was_called = False
        self._initialised = False
        self._init_duration_ms: float | None = None
        # When the first invocation began, where Init took more than its own time.
        self._overrun_since: float | None = None
        sandbox.output.connect(log)
        self._started = _awaitable(sandbox.started)
        self._exited = _awaitable(sandbox.exited)

    async def __aenter__(self) -> Self:
        listener = await _awaitable(self._sandbox.listening)
        self._server = Server(listener, Router(self._runtime), accepts_peer=self._accepts_peer)
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if exc_info[0] and self._sandbox.is_starting:
            # The runtime goes first: it would complain about an API that is gone.
            with suppress(TimeoutError, SandboxError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await asyncio.shield(self._started)
                    await self.stop()
        await self._server.__aexit__(*exc_info)

    async def invoke(self, invocation: Invocation) -> InvocationResult:
        """Run one invocation, after Init where this is the first, and wait for its end."""
        started = await asyncio.shield(self._started)
        failure = await self._initialise(invocation.request_id, started.at)
        self._log.line(f"START RequestId: {invocation.request_id} Version: {invocation.version}")
        begun, self._overrun_since = self._overrun_since, None
        if failure:
            return await self._result(invocation, failure, begun=begun or started.at)
        seconds = self._timeout_seconds
        if begun:
            seconds -= time.monotonic() - begun
        deadline_ms = self._shown_deadline(invocation, seconds)
        exchange = self._runtime.deliver(invocation, deadline_ms=deadline_ms)
        ending = await self._follow(exchange, math.inf if self._patient else seconds)
        _log.debug("the invocation ended: %s", ending.outcome)
        return await self._result(invocation, ending, begun=begun or exchange.begun)

    async def stop(self) -> None:
        """End the sandbox, and wait until all that the function wrote has been shown."""
        # The engine answers when the container has ended: what it wrote is here long before.
        Thread(target=self._sandbox.stop, daemon=True).start()
        await _awaitable(self._sandbox.logs_ended)

    async def _initialise(self, request_id: str, started_at: float) -> PhaseOutcome | None:
        """See the runtime through Init, once; return how it ended where it did not succeed."""
        if self._initialised:
            return None
        initialised = self._runtime.initialised
        reached = await self._wait(initialised, _CONTACT_SECONDS)
        if reached == "timeout":
            await self._require_contact()
            init_seconds = math.inf if self._patient else INIT_SECONDS
            reached = await self._wait(initialised, started_at + init_seconds - time.monotonic())
        if reached == "timeout":
            self._report_init(INIT_SECONDS * 1000, "timeout")
            self._overrun_since = started_at + INIT_SECONDS
            deadline = self._overrun_since + self._timeout_seconds
            reached = await self._wait(initialised, deadline - time.monotonic())
            if reached == "timeout":
                return timed_out(request_id, self._timeout_seconds, at=deadline)
        if reached == "exit":
            await self._require_contact()
            ending = exited(request_id, self._exited.result(), self._memory_mb)
        elif failure := initialised.result().failure:
            ending = failed_to_initialise(failure, at=initialised.result().at)
        else:
            self._initialised = True
            self._sandbox.end_init()
            duration_ms = max(0.0, (initialised.result().at - started_at) * 1000)
            _log.debug("the runtime is ready, Init took %.0f ms", duration_ms)
            if self._overrun_since is None:
                self._init_duration_ms = duration_ms
            return None
        self._report_init((ending.at - started_at) * 1000, "error", ending.error_type)
        return ending

    @staticmethod
    def _shown_deadline(invocation: Invocation, seconds: float) -> int:
        """Return the end that the function is told, as Unix time in milliseconds."""
        if invocation.deadline_ms is not None:
            return invocation.deadline_ms
        remaining_ms = invocation.remaining_time_ms
        if remaining_ms is None:
            remaining_ms = int(seconds * 1000)
        return int(time.time() * 1000) + remaining_ms

    async def _follow(self, exchange: Exchange, seconds: float) -> PhaseOutcome:
        """See one invocation through, until the runtime asks for the next or the time is up."""
        request_id = exchange.invocation.request_id
        reached = await self._wait(exchange.answer, seconds)
        deadline = exchange.begun + seconds
        if reached == "timeout":
            return timed_out(request_id, self._timeout_seconds, at=deadline)
        if reached == "exit":
            return exited(request_id, self._exited.result(), self._memory_mb)
        if await self._wait(exchange.finished, deadline - time.monotonic()) == "timeout":
            self._log.line(
                f"RequestId: {request_id} the runtime answered, and did not come back for more"
                f" before its timeout of {self._timeout_seconds:.2f} seconds"
            )
        answer = exchange.answer.result()
        at = exchange.finished.result() if exchange.finished.done() else time.monotonic()
        return PhaseOutcome(answer=answer, outcome="error" if answer.error else "success", at=at)

    async def _result(
        self, invocation: Invocation, ending: PhaseOutcome, *, begun: float
    ) -> InvocationResult:
        if ending.out_of_memory:
            peak_memory_mb: int | None = self._memory_mb
        else:
            peak_memory_mb = await asyncio.to_thread(self._sandbox.peak_memory_mb)
        # Only the report of the first invocation has it.
        init_duration_ms, self._init_duration_ms = self._init_duration_ms, None
        report = Report(
            request_id=invocation.request_id,
            duration_ms=(ending.at - begun) * 1000,
            memory_size_mb=self._memory_mb,
            max_memory_used_mb=peak_memory_mb,
            init_duration_ms=init_duration_ms,
            status=ending.status,
            error_type=ending.error_type if ending.outcome == "failure" else None,
        )
        return InvocationResult(
            outcome=ending.outcome,
            payload=ending.answer.payload,
            content_type=ending.answer.content_type,
            error=ending.answer.error,
            report=report,
        )

    async def _wait(
        self, future: asyncio.Future[_T], seconds: float
    ) -> Literal["done", "exit", "timeout"]:
        """Wait for the runtime to do something, unless its sandbox ends or the time is up first."""
        either = {cast("asyncio.Future[object]", each) for each in (future, self._exited)}
        seconds = max(0.0, seconds)
        await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if self._sandbox.logs_ended.done():
            # The sandbox ended in time; it takes its owner a while to see that, and how.
            await asyncio.wait(either, timeout=_EXIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if future.done():
            return "done"
        if self._exited.done():
            self._exited.result()
            return "exit"
        return "timeout"

    async def _require_contact(self) -> None:
        """Tell a runtime that takes its time, or gives up, from one that can't reach us.

        Raises:
            HostNotReachableError: The sandbox can't connect to the Runtime API.
        """
        if self._was_called:
            return
        if await asyncio.to_thread(self._sandbox.reaches_host) is False:
            raise HostNotReachableError(
                "the container can't reach the Runtime API on this machine",
                hint="a firewall may block connections from the engine's network to this machine:"
                " allow them (for example `iptables -I INPUT -i docker0 -j ACCEPT`);"
                " `samlocal doctor` looks closer",
            )

    async def _accepts_peer(self, host: str, port: int) -> bool:
        try:
            await asyncio.shield(self._started)
        except SandboxError:
            return False
        admitted = self._sandbox.accepts_peer(host, port)
        self._was_called |= admitted
        return admitted

    def _report_init(self, milliseconds: float, status: str, error_type: str | None = None) -> None:
        line = f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: init\tStatus: {status}"
        self._log.line(f"{line}\tError Type: {error_type}" if error_type else line)


def _awaitable(source: concurrent.futures.Future[_T]) -> asyncio.Future[_T]:
    """Make a thread's future awaitable.

    Unlike `asyncio.wrap_future` it leaves the thread's future alone where the waiting is cancelled,
    and nobody has to be waiting when it fails.
    """
    loop = asyncio.get_running_loop()
    target: asyncio.Future[_T] = loop.create_future()

    def settle() -> None:
        if target.done():
            return
        if error := source.exception():
            target.set_exception(error)
            target.exception()
        else:
            target.set_result(source.result())

    def settle_in_loop(_source: concurrent.futures.Future[_T]) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(settle)

    source.add_done_callback(settle_in_loop)
    return target
