"""One environment of a fleet, from the start of its sandbox to its removal."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from samlocal.errors import EnvironmentUnusableError, HostNotReachableError
from samlocal.execution.environments import new_environment
from samlocal.execution.fleet.noted_response import NotedResponse
from samlocal.execution.fleet.sandbox_removal import remove_sandbox
from samlocal.execution.thread_futures import awaitable
from samlocal.sandbox.output import GuardedLog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from samlocal.execution.debugger_watch import DebuggerWatch
    from samlocal.execution.environment import ExecutionEnvironment
    from samlocal.execution.fleet.fleet_function import FleetFunction
    from samlocal.invocation import Invocation, InvocationResult, ResponseSink
    from samlocal.sandbox.factory import SandboxFactory
    from samlocal.sandbox.output import Log
    from samlocal.sandbox.sandbox import Sandbox
    from samlocal.sandbox.spec import Spec

State = Literal["starting", "idle", "busy", "stopping", "gone"]

_log = logging.getLogger(__name__)

# How long the end of a sandbox may take to be known after its runtime has gone.
_END_SECONDS: Final = 0.5


class WarmEnvironment:
    """A sandbox that is started, initialised, used and removed, as a task of its own.

    `changed` is called with it when it is ready for its first invocation, when it takes no more, and when it
    is gone; `settled` is set the first time. `error` is what ended it, if it did not end as wanted. Init is
    logged to `init_log`; None means that the first invocation shows it.

    One that `is_outdated` serves only those that wait for it. `running` counts the invocations for which it is reserved, `invocations` those that it has run.
    `last_used` and `answered_at` are in `time.monotonic()` seconds; the latter is set while its only
    invocation is answered but not finished.
    """

    def __init__(
        self,
        function: FleetFunction,
        factory: SandboxFactory,
        changed: Callable[[WarmEnvironment], None],
        *,
        init_log: Log | None,
    ) -> None:
        self.function = function
        self.idle_seconds = function.idle_seconds
        self.started = datetime.now(UTC)
        self.last_used = time.monotonic()
        self.invocations = 0
        self.running = 0
        self.tenant_id: str | None = None
        self.answered_at: float | None = None
        self.is_outdated = False
        self.is_retired = False
        self.is_gone = False
        self.error: Exception | None = None
        self.settled = asyncio.Event()
        self._factory = factory
        self._changed = changed
        self._init_log = init_log
        self._environment: ExecutionEnvironment | None = None
        self._watch: DebuggerWatch | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._end = asyncio.Event()
        self._is_unused = asyncio.Event()
        self._is_unused.set()
        self._task = asyncio.create_task(self._live())

    @property
    def was_ready(self) -> bool:
        """Whether its Init has ended."""
        return self._environment is not None

    @property
    def is_ready(self) -> bool:
        """Whether it is initialised and takes invocations, now or later."""
        return self.was_ready and not self.is_retired and not self.is_gone

    @property
    def is_idle(self) -> bool:
        """Whether it is ready and not used."""
        return self.is_ready and not self.running

    @property
    def is_new(self) -> bool:
        """Whether it has served nobody yet, and is not reserved."""
        return not (self.invocations or self.running)

    @property
    def is_stopping(self) -> bool:
        """Whether it makes room for another."""
        return self.is_retired and not self.running

    @property
    def has_room(self) -> bool:
        """Whether it takes another invocation at once."""
        limit = self.function.configuration.max_concurrency
        return self.is_ready and self.running < limit

    @property
    def state(self) -> State:
        if self.is_gone:
            return "gone"
        if self.is_stopping:
            return "stopping"
        if not self.was_ready:
            return "starting"
        return "busy" if self.running else "idle"

    def answered_recently(self, seconds: float) -> bool:
        """Return whether its only invocation was answered in the last seconds, and is not finished."""
        return self.answered_at is not None and time.monotonic() - self.answered_at < seconds

    def places(self, soon_seconds: float) -> int:
        """Return how many more invocations it takes now, when it is ready, or soon after an answer."""
        if self.is_retired or self.is_gone:
            return 0
        if self.answered_recently(soon_seconds):
            return self.function.configuration.max_concurrency
        return self.function.configuration.max_concurrency - self.running

    def begin(self, tenant_id: str | None) -> None:
        """Reserve it for an invocation, until `finish`."""
        self.running += 1
        self.tenant_id = tenant_id
        self._is_unused.clear()

    def finish(self) -> None:
        """Note the end of an invocation."""
        self.running -= 1
        self.last_used = time.monotonic()
        self.answered_at = None
        if self._environment and not self._environment.is_usable:
            self.retire()
        if not self.running:
            self._is_unused.set()

    def retire(self) -> None:
        """End it as soon as it is not used."""
        self.is_retired = True
        self.cancel_idle_timer()
        self._end.set()

    def retire_after(self, seconds: float) -> None:
        """End it if it is idle for so long."""
        self.cancel_idle_timer()
        self._idle_timer = asyncio.get_running_loop().call_later(seconds, self.retire)

    def cancel_idle_timer(self) -> None:
        if self._idle_timer:
            self._idle_timer.cancel()
            self._idle_timer = None

    async def wait_until_gone(self) -> None:
        await asyncio.shield(self._task)

    async def invoke(
        self, invocation: Invocation, *, log: Log | None, response: ResponseSink | None
    ) -> InvocationResult:
        """Run an invocation for which it is reserved.

        Raises:
            EnvironmentUnusableError: It ended before it got the invocation.
            SandboxError: The sandbox was lost.
        """
        environment = self._environment
        if environment is None:
            raise EnvironmentUnusableError("the execution environment is not ready")
        if self.running == 1:
            await environment.settle_end(_END_SECONDS)
        self.invocations += 1
        noted = NotedResponse(response, self._note_answer) if response else None
        result = await environment.invoke(invocation, log=log, response=noted)
        return self._watch.with_hint(result) if self._watch else result

    def _note_answer(self) -> None:
        if self.running == 1:
            self.answered_at = time.monotonic()

    async def _live(self) -> None:
        try:
            try:
                await self._live_in(self.function.spec)
            except HostNotReachableError:
                relayed = self._factory.with_relay(self.function.spec)
                if relayed is None or self.invocations:
                    raise
                await self._live_in(relayed)
        except Exception as error:  # noqa: BLE001  # whoever waits for it gets the error
            _log.debug("an environment of %s ended: %s", self.function.key, error)
            self.error = error
        finally:
            self.is_gone = True
            self.settled.set()
            self._changed(self)

    async def _live_in(self, spec: Spec) -> None:
        """Start a sandbox, and serve until it is to end or ends by itself."""
        sandbox = self._factory.new_sandbox(spec)
        sandbox.__enter__()
        try:
            environment = new_environment(
                sandbox, self.function.configuration, log=self.function.log
            )
            async with self._watched(sandbox), environment:
                await self._initialise(environment)
                if not self._end.is_set():
                    self._environment = environment
                    self.settled.set()
                    self._changed(self)
                    await self._serve(sandbox)
                if environment.is_usable:
                    await environment.stop()
        finally:
            await remove_sandbox(sandbox)

    @asynccontextmanager
    async def _watched(self, sandbox: Sandbox) -> AsyncIterator[None]:
        """Say how to attach a debugger as soon as it is ready."""
        if not self.function.is_debugged:
            yield
            return
        from samlocal.execution.debugger_watch import DebuggerWatch  # noqa: PLC0415  # few functions are debugged

        self._watch = DebuggerWatch(sandbox, GuardedLog(self._init_log or self.function.log))
        self._watch.__enter__()
        try:
            yield
        finally:
            await asyncio.to_thread(self._watch.__exit__)

    async def _initialise(self, environment: ExecutionEnvironment) -> None:
        """Run Init, unless the environment is to end before."""
        initialising = asyncio.create_task(environment.initialise(self._init_log))
        ended = asyncio.create_task(self._end.wait())
        try:
            await asyncio.wait([initialising, ended], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
        if not initialising.done():
            initialising.cancel()
            with suppress(asyncio.CancelledError):
                await initialising
            raise EnvironmentUnusableError("the execution environment ended before it was ready")
        initialising.result()

    async def _serve(self, sandbox: Sandbox) -> None:
        """Wait until the environment is to end, or its sandbox has ended, and nobody uses it."""
        wanted = asyncio.create_task(self._end.wait())
        ends: list[asyncio.Future[Any]] = [wanted]
        ends += [awaitable(sandbox.exited), awaitable(sandbox.logs_ended)]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            wanted.cancel()
        self.is_retired = True
        self._changed(self)
        await self._is_unused.wait()
