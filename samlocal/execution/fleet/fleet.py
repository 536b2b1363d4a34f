"""The fleet: a pool of warm environments for each function, scaled by demand.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

from samlocal.engine.engine import Engine
from samlocal.errors import EnvironmentUnusableError, ThrottledError
from samlocal.execution.fleet.capacity import environments_by_machine
from samlocal.execution.fleet.environment_info import EnvironmentInfo, describe
from samlocal.execution.fleet.pool import FREE_SOON_SECONDS, Pool, Waiter
from samlocal.execution.fleet.warm_environment import WarmEnvironment
from samlocal.sandbox.factory import SandboxFactory

if TYPE_CHECKING:
    from samlocal.engine.images.policy import ImageProgress
    from samlocal.execution.fleet.fleet_function import FleetFunction
    from samlocal.invocation import Invocation, InvocationResult, ResponseSink
    from samlocal.sandbox.output import Log

_IDLE_SECONDS: Final = 300.0
# More invocations than this do not wait for an environment.
_MOST_WAITING: Final = 1000
# How often an invocation whose environment ends before it begins gets another one.
_ATTEMPTS: Final = 3


class Fleet:
    """Warm environments on one engine. All calls come from one event loop, in which it is entered.

    An environment that has been idle for `idle_seconds` ends, and so does the one that was used least recently
    if another is needed and there are `max_environments`; None means as many as the machine bears. An
    invocation waits for an environment, unless its function has as many as it reserves: then it is throttled.
    `progress` observes the pull or build of images.
    """

    def __init__(
        self,
        engine: str | None,
        *,
        progress: ImageProgress,
        idle_seconds: float = _IDLE_SECONDS,
        max_environments: int | None = None,
    ) -> None:
        self._engine_name = engine
        self._progress = progress
        self._idle_seconds = idle_seconds
        self._most = max_environments or environments_by_machine()
        self._pools: dict[str, Pool] = {}
        self._callers: dict[asyncio.Task[object], int] = {}
        self._is_closing = False
        self._is_forced = False
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._engine = await asyncio.to_thread(Engine, self._engine_name)
        self._factory = SandboxFactory(engine=self._engine, progress=self._progress)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close(0)
        await asyncio.to_thread(self._engine.__exit__, None, None, None)

    @property
    def engine(self) -> Engine:
        """The engine, once the fleet is entered."""
        return self._engine

    @property
    def environments(self) -> tuple[EnvironmentInfo, ...]:
        """All environments that are not gone."""
        return tuple(
            describe(each, idle_seconds=self._idle_seconds_of(each))
            for pool in self._pools.values()
            for each in pool.environments
        )

    @property
    def is_busy(self) -> bool:
        """Whether an invocation is running or waits."""
        return bool(self._callers)

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
        if self._is_closing:
            raise _closed()
        pool = self._pools.setdefault(function.key, Pool(function.key))
        pool.admit(function)
        self._enter_caller()
        try:
            return await self._invoke(pool, function, invocation, log, response, fresh=fresh)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._is_forced and task:
                task.uncancel()
                raise _closed() from None
            raise
        finally:
            pool.leave()
            self._leave_caller()
            self._forget_if_empty(pool)

    async def warm_up(self, function: FleetFunction) -> None:
        """Start and initialise an environment, if the function has none; return when it is ready.

        Raises:
            EnvironmentUnusableError: The fleet has ended.
            SandboxError: No sandbox can be had.
        """
        if self._is_closing:
            raise _closed()
        pool = self._pools.setdefault(function.key, Pool(function.key))
        waiter = Waiter(function=function, tenant_id=None, fresh=False)
        if any(waiter.fits(each) for each in pool.environments):
            return
        environment = await self._wait(pool, waiter, init_log=function.log)
        self._offer(environment)

    def retire(self, key: str, *, keep: str | None = None) -> None:
        """End the environments of a pool whose fingerprint is not `keep`, as soon as they are idle."""
        pool = self._pools.get(key)
        for environment in tuple(pool.environments) if pool else ():
            if environment.function.fingerprint != keep:
                environment.retire()

    async def close(self, seconds: float) -> None:
        """Refuse new invocations, give the running ones some seconds, and end all environments."""
        self._is_closing = True
        for pool in self._pools.values():
            for environment in pool.environments:
                if not environment.running:
                    environment.retire()
        deadline = time.monotonic() + seconds
        while self._callers and (remaining := deadline - time.monotonic()) > 0:
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(remaining):
                    await self._changed.wait()
        self._is_forced = True
        for task in tuple(self._callers):
            task.cancel()
        left = [each for pool in self._pools.values() for each in pool.environments]
        for environment in left:
            environment.retire()
        await asyncio.gather(*(each.wait_until_gone() for each in left))
        while self._callers:
            self._changed.clear()
            await self._changed.wait()

    async def _invoke(
        self,
        pool: Pool,
        function: FleetFunction,
        invocation: Invocation,
        log: Log | None,
        response: ResponseSink | None,
        *,
        fresh: bool,
    ) -> InvocationResult:
        for attempt in range(_ATTEMPTS):
            waiter = Waiter(function=function, tenant_id=invocation.tenant_id, fresh=fresh)
            environment = pool.take(waiter)
            if environment:
                self._reserve(environment, waiter)
            else:
                environment = await self._wait(pool, waiter, init_log=None)
            try:
                return await environment.invoke(invocation, log=log, response=response)
            except EnvironmentUnusableError:
                environment.retire()
                if attempt + 1 == _ATTEMPTS:
                    raise
            finally:
                self._release(pool, environment, fresh=fresh)
        raise AssertionError  # every attempt returns or raises

    async def _wait(self, pool: Pool, waiter: Waiter, *, init_log: Log | None) -> WarmEnvironment:
        """Wait for an environment, which is reserved for the waiter then."""
        if sum(len(each.waiters) for each in self._pools.values()) >= _MOST_WAITING:
            raise ThrottledError(
                "Rate Exceeded.",
                reason="ConcurrentInvocationLimitExceeded",
                hint=f"{_MOST_WAITING} invocations wait for one of {self._most} environments;"
                " raise `--max-environments` if the machine bears more",
            )
        pool.waiters.append(waiter)
        self._start_needed(init_log=init_log)
        try:
            return await waiter.environment
        except asyncio.CancelledError:
            if waiter in pool.waiters:
                pool.waiters.remove(waiter)
            if waiter.environment.done() and not waiter.environment.cancelled():
                self._release(pool, waiter.environment.result(), fresh=False)
            raise

    def _reserve(self, environment: WarmEnvironment, waiter: Waiter) -> None:
        if environment.idle_timer:
            environment.idle_timer.cancel()
            environment.idle_timer = None
        environment.idle_seconds = waiter.function.idle_seconds
        environment.begin(waiter.tenant_id)

    def _release(self, pool: Pool, environment: WarmEnvironment, *, fresh: bool) -> None:
        """Give an environment to the next invocation, after the end of one."""
        environment.finish()
        if fresh and not environment.function.is_debugged:
            environment.retire()
            self._prepare_next(pool, environment.function)
        self._offer(environment)
        self._start_needed()

    def _prepare_next(self, pool: Pool, function: FleetFunction) -> None:
        """Initialise an environment for the next invocation that wants a fresh one."""
        waiter = Waiter(function=function, tenant_id=None, fresh=True)
        if not self._is_closing and not any(waiter.fits(each) for each in pool.environments):
            self._start(pool, function)

    def _offer(self, environment: WarmEnvironment) -> None:
        """Give an environment to those that wait for it, or let it be idle."""
        pool = self._pools.get(environment.function.key)
        while pool and environment.has_room and (waiter := pool.serve(environment)):
            self._reserve(environment, waiter)
            waiter.environment.set_result(environment)
        if environment.is_ready and not environment.running:
            if self._is_closing:
                environment.retire()
                return
            if environment.idle_timer:
                environment.idle_timer.cancel()
            environment.idle_timer = asyncio.get_running_loop().call_later(
                self._idle_seconds_of(environment), environment.retire
            )

    def _start_needed(self, *, init_log: Log | None = None) -> None:
        """Start environments for those that wait, as far as there is room for them."""
        pools = [each for each in self._pools.values() if each.waiters]
        for pool in sorted(pools, key=lambda each: each.waiters[0].since):
            self._make_way(pool)
            while (function := pool.needed()) and self._has_room():
                self._start(pool, function, init_log=init_log)
            if pool.waiters and any(each.answered_at for each in pool.environments):
                asyncio.get_running_loop().call_later(FREE_SOON_SECONDS, self._start_needed)

    def _make_way(self, pool: Pool) -> None:
        """End an idle environment of other code that is in the way of a function with a limit."""
        obstacle = pool.obstacle(pool.waiters[0].function)
        if obstacle and not any(each.is_retired for each in pool.environments):
            obstacle.retire()

    def _has_room(self) -> bool:
        """Return whether another environment may start now; if not, end one that is idle."""
        number = sum(len(pool.environments) for pool in self._pools.values())
        if number < self._most:
            return True
        idle = [pool.least_recently_used() for pool in self._pools.values()]
        ending = any(
            each.is_retired and not each.running
            for pool in self._pools.values()
            for each in pool.environments
        )
        victims = [each for each in idle if each]
        if victims and not ending:
            min(victims, key=lambda each: each.last_used).retire()
        return False

    def _start(self, pool: Pool, function: FleetFunction, *, init_log: Log | None = None) -> None:
        environment = WarmEnvironment(
            function, self._factory, self._environment_changed, init_log=init_log
        )
        pool.environments.append(environment)

    def _environment_changed(self, environment: WarmEnvironment) -> None:
        """Take note that an environment is ready, or gone."""
        pool = self._pools.get(environment.function.key)
        if pool is None:
            return
        if environment.is_gone:
            pool.environments.remove(environment)
            if environment.idle_timer:
                environment.idle_timer.cancel()
            self._tell_of_failure(pool, environment)
            self._forget_if_empty(pool)
        else:
            self._offer(environment)
        self._start_needed()

    def _tell_of_failure(self, pool: Pool, environment: WarmEnvironment) -> None:
        """Let an invocation fail for which an environment was started that could not start."""
        if environment.error is None or environment.invocations or environment.is_retired:
            return
        for waiter in pool.waiters:
            if waiter.function.fingerprint == environment.function.fingerprint:
                pool.waiters.remove(waiter)
                if not waiter.environment.done():
                    waiter.environment.set_exception(environment.error)
                return

    def _forget_if_empty(self, pool: Pool) -> None:
        if pool.is_empty and self._pools.get(pool.key) is pool:
            del self._pools[pool.key]

    def _idle_seconds_of(self, environment: WarmEnvironment) -> float:
        chosen = environment.idle_seconds
        return self._idle_seconds if chosen is None else chosen

    def _enter_caller(self) -> None:
        task = asyncio.current_task()
        if task:
            self._callers[task] = self._callers.get(task, 0) + 1

    def _leave_caller(self) -> None:
        task = asyncio.current_task()
        if task:
            self._callers[task] -= 1
            if not self._callers[task]:
                del self._callers[task]
        self._changed.set()


def _closed() -> EnvironmentUnusableError:
    return EnvironmentUnusableError("no invocation is possible any more: the fleet is ending")
