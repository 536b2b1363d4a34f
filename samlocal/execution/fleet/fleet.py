"""The fleet: a pool of warm environments for each function, scaled by demand.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, Self

from samlocal.errors import EnvironmentUnusableError, SandboxError
from samlocal.execution.fleet.capacity import environments_by_machine
from samlocal.execution.fleet.environment_info import EnvironmentInfo, describe
from samlocal.execution.fleet.scheduler import Scheduler
from samlocal.execution.fleet.waiter import Waiter
from samlocal.sandbox.factory import SandboxFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.engine.engine import Engine
    from samlocal.engine.images.policy import ImageProgress
    from samlocal.execution.fleet.fleet_function import FleetFunction
    from samlocal.execution.fleet.web_programs import WebPrograms
    from samlocal.invocation import Invocation, InvocationResult, ResponseSink
    from samlocal.sandbox.backend import Backend
    from samlocal.sandbox.output import Log

_IDLE_SECONDS: Final = 300.0
# How often an invocation whose environment ends before it begins gets another one.
_ATTEMPTS: Final = 3


class Fleet:
    """Warm environments on one backend. All calls come from one event loop, in which it is entered.

    An environment that has been idle for `idle_seconds` ends, and so does the one that was used least recently
    if another is needed and there are `max_environments`; None means as many as the machine can run. An
    invocation waits for an environment, unless its function has as many as it reserves: then it is throttled.
    `progress` observes the pull or build of images.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        progress: ImageProgress,
        idle_seconds: float = _IDLE_SECONDS,
        max_environments: int | None = None,
    ) -> None:
        self._backend = backend
        self._progress = progress
        self._idle_seconds = idle_seconds
        self._most = max_environments or environments_by_machine()
        self._running: set[asyncio.Task[InvocationResult]] = set()
        self._is_closing = False

    async def __aenter__(self) -> Self:
        engine = await asyncio.to_thread(self._backend.connect)
        self._factory = SandboxFactory(engine=engine, progress=self._progress)
        self._scheduler = Scheduler(
            self._factory,
            idle_seconds=self._idle_seconds,
            most=self._most,
        )
        self._programs: WebPrograms | None = None
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close(0)
        if self.engine:
            await asyncio.to_thread(self.engine.__exit__, None, None, None)

    @property
    def engine(self) -> Engine | None:
        """The engine, once the fleet is entered; None if sandboxes are processes."""
        return self._factory.engine

    @property
    def address(self) -> str:
        """Where the environments are, once the fleet is entered: see `SandboxFactory.address`."""
        return self._factory.address

    @property
    def programs(self) -> WebPrograms:
        """The programs of web functions, which end with the fleet; they do not count as environments."""
        if self._programs is None:
            from samlocal.execution.fleet.web_programs import WebPrograms  # noqa: PLC0415  # few projects have web functions

            self._programs = WebPrograms(self._factory, idle_seconds=self._idle_seconds)
        return self._programs

    @property
    def environments(self) -> tuple[EnvironmentInfo, ...]:
        """All environments that are not gone."""
        return tuple(
            describe(each, idle_seconds=self._scheduler.idle_seconds_of(each))
            for each in self._scheduler.environments
        )

    @property
    def is_busy(self) -> bool:
        """Whether an invocation is running or waits."""
        return bool(self._running)

    async def invoke(
        self,
        function: FleetFunction,
        invocation: Invocation,
        *,
        log: Log | None = None,
        response: ResponseSink | None = None,
        fresh: bool = False,
    ) -> InvocationResult:
        """Run an invocation in an idle environment of the function, or in a new one.

        `log` gets its output and Lambda's lines about it; None means the function's log. A `fresh` environment
        has served no invocation before and serves none after it; the next one is initialised ahead of time.

        A cancelled call ends its environment.

        Raises:
            ThrottledError: The function has no more concurrency, or too many invocations wait.
            EnvironmentUnusableError: The fleet has ended.
            SandboxError: No sandbox can be had, or it was lost.
        """
        self._require_open()
        with self._scheduler.admitted(function):
            fresh = fresh and not function.is_debugged  # the debugger stays attached
            waiter = partial(
                Waiter, function=function, tenant_id=invocation.tenant_id, fresh=fresh, log=log
            )
            running = asyncio.create_task(self._run(waiter, invocation, log, response))
            self._running.add(running)
            try:
                return await running
            except asyncio.CancelledError:
                if running.done() and not running.cancelled():
                    running.exception()  # nobody else takes it
                if _is_cancelled():
                    raise
                raise _closed() from None
            finally:
                self._running.discard(running)

    async def warm_up(self, function: FleetFunction) -> None:
        """Start and initialise an environment, if the function has none; return when it is ready.

        A function gets none where no other environment has room.

        Raises:
            EnvironmentUnusableError: The fleet has ended.
            SandboxError: No sandbox can be had.
        """
        self._require_open()
        await self._scheduler.warm_up(function)

    def retire(self, key: str, *, keep: str | None = None) -> None:
        """End the environments of a pool whose fingerprint is not `keep`, as soon as they are idle."""
        self._scheduler.retire(key, keep=keep)

    async def wait_until_empty(self) -> None:
        """Return when the fleet has no environment, and no invocation runs or waits."""
        await self._scheduler.wait_until_empty()

    async def close(self, seconds: float) -> None:
        """Refuse new invocations, give the running ones some seconds, and end all environments."""
        self._is_closing = True
        self._scheduler.wind_down()
        if self._running and seconds > 0:
            await asyncio.wait(self._running, timeout=seconds)
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
        programs = self._programs
        await asyncio.gather(self._scheduler.end(), *([programs.close()] if programs else []))

    async def _run(
        self,
        new_waiter: Callable[[], Waiter],
        invocation: Invocation,
        log: Log | None,
        response: ResponseSink | None,
    ) -> InvocationResult:
        for attempt in range(_ATTEMPTS):
            waiter = new_waiter()
            try:
                environment = await self._scheduler.acquire(waiter)
            except SandboxError as error:
                error.precedes_invocation = True
                raise
            try:
                return await environment.invoke(invocation, log=log, response=response)
            except EnvironmentUnusableError:
                environment.retire()
                if attempt + 1 == _ATTEMPTS:
                    raise
            finally:
                self._scheduler.release(environment, fresh=waiter.fresh)
        raise AssertionError  # every attempt returns or raises

    def _require_open(self) -> None:
        if self._is_closing:
            raise _closed()


def _is_cancelled() -> bool:
    """Return whether the caller's own task is cancelled, rather than one that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _closed() -> EnvironmentUnusableError:
    return EnvironmentUnusableError(
        "no invocation is possible any more: all execution environments are ending"
    )
