"""The scheduler: which invocation gets which environment, and when environments start and end."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Final

from samlocal.errors import ThrottledError
from samlocal.execution.fleet.capacity import starts_by_machine
from samlocal.execution.fleet.pool import FREE_SOON_SECONDS, Pool
from samlocal.execution.fleet.waiter import Waiter
from samlocal.execution.fleet.warm_environment import WarmEnvironment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from samlocal.execution.fleet.fleet_function import FleetFunction
    from samlocal.sandbox.factory import SandboxFactory
    from samlocal.sandbox.output import Log

# More invocations than this do not wait for an environment.
_MOST_WAITING: Final = 1000
# How long an invocation waits for environments of its own kind before it takes the place of one of another kind:
# so much longer than the next one of that kind.
_PATIENCE_SECONDS: Final = 2.0


class Scheduler:
    """Gives environments to invocations, and starts and ends environments for that.

    There are at most `most` environments. Each ends after `idle_seconds`, unless its function has a time of
    its own.
    """

    def __init__(self, factory: SandboxFactory, *, idle_seconds: float, most: int) -> None:
        self._factory = factory
        self._idle_seconds = idle_seconds
        self._most = most
        self._most_starting = starts_by_machine()
        self._pools: dict[str, Pool] = {}
        self._is_closing = False
        self._next_look: asyncio.TimerHandle | None = None
        self._emptied = asyncio.Event()

    @property
    def environments(self) -> Iterator[WarmEnvironment]:
        """All environments that are not gone."""
        return chain.from_iterable(each.environments for each in self._pools.values())

    def idle_seconds_of(self, environment: WarmEnvironment) -> float:
        """Return how long an environment may be idle."""
        chosen = environment.idle_seconds
        return self._idle_seconds if chosen is None else chosen

    @contextmanager
    def admitted(self, function: FleetFunction) -> Iterator[None]:
        """Count an invocation for the reserved concurrency of its function.

        Raises:
            ThrottledError: As many are running as the function reserves.
        """
        pool = self._pool(function)
        try:
            pool.admit(function)
            try:
                yield
            finally:
                pool.leave()
        finally:
            self._forget_if_empty(pool)

    async def acquire(self, waiter: Waiter) -> WarmEnvironment:
        """Return an environment that is reserved for the waiter until `release`.

        Raises:
            ThrottledError: Too many invocations wait.
            SandboxError: No sandbox can be had.
        """
        pool = self._pool(waiter.function)
        environment = pool.take(waiter)
        if environment:
            self._reserve(environment, waiter)
            return environment
        if sum(len(each.waiters) for each in self._pools.values()) >= _MOST_WAITING:
            raise ThrottledError(
                "Rate Exceeded.",
                reason="ConcurrentInvocationLimitExceeded",
                hint=f"{_MOST_WAITING} invocations wait for one of {self._most} environments;"
                " raise `--max-environments` if the machine has room for more",
            )
        pool.waiters.append(waiter)
        self._balance()
        given = waiter.environment
        try:
            return await given
        except asyncio.CancelledError:
            if waiter in pool.waiters:
                pool.waiters.remove(waiter)
            if given.done() and not given.cancelled() and not given.exception():
                self.release(given.result())
            raise

    def release(self, environment: WarmEnvironment, *, fresh: bool = False) -> None:
        """Give an environment to the next invocation, after the end of one.

        After an invocation that wanted a `fresh` one it ends, and the next one is initialised.
        """
        environment.finish()
        if fresh:
            environment.retire()
            kept = environment.idle_seconds  # of the last invocation
            self._pool(environment.function).ahead = replace(
                environment.function, idle_seconds=kept
            )
        self._offer(environment)
        self._balance()

    async def warm_up(self, function: FleetFunction) -> None:
        """Initialise an environment, if the function has none and there is room; return when it is ready.

        Raises:
            SandboxError: No sandbox can be had.
        """
        pool = self._pool(function)
        waiter = Waiter(function=function, tenant_id=None, fresh=False)
        environment = next((each for each in pool.environments if waiter.fits(each)), None)
        if environment is None:
            if not (pool.may_grow(function) and self._has_room):
                self._forget_if_empty(pool)
                return
            environment = self._start(pool, function, init_log=function.log)
        await environment.settled.wait()
        if environment.error and not environment.was_ready:
            raise environment.error

    def retire(self, key: str, *, keep: str | None) -> None:
        """End the environments of a pool whose fingerprint is not `keep`, as soon as they are idle.

        They serve the invocations that wait for them before: changes may follow each other faster than starts.
        """
        pool = self._pools.get(key)
        if pool is None:
            return
        if pool.ahead and pool.ahead.fingerprint != keep:
            pool.ahead = None
        for environment in tuple(pool.environments):
            if environment.function.fingerprint != keep:
                environment.is_outdated = True
                if not pool.first_waiter(environment):
                    environment.retire()

    async def wait_until_empty(self) -> None:
        """Return when there is no environment, and no invocation runs or waits."""
        while self._pools:
            self._emptied.clear()
            await self._emptied.wait()

    def wind_down(self) -> None:
        """End the environments for which no invocation waits, from now on as soon as they are idle."""
        self._is_closing = True
        for pool in self._pools.values():
            for environment in pool.environments:
                if environment.is_idle or not (environment.running or pool.waiters):
                    environment.retire()

    async def end(self) -> None:
        """End all environments, which nobody uses any more."""
        left = tuple(self.environments)
        for environment in left:
            environment.retire()
        await asyncio.gather(*(each.wait_until_gone() for each in left))
        if self._next_look:
            self._next_look.cancel()

    def _pool(self, function: FleetFunction) -> Pool:
        return self._pools.setdefault(function.key, Pool(function.key))

    def _forget_if_empty(self, pool: Pool) -> None:
        if pool.is_empty:
            self._pools.pop(pool.key, None)
        if not self._pools:
            self._emptied.set()

    @property
    def _has_room(self) -> bool:
        return sum(1 for _ in self.environments) < self._most

    def _start(
        self, pool: Pool, function: FleetFunction, *, init_log: Log | None = None
    ) -> WarmEnvironment:
        environment = WarmEnvironment(function, self._factory, self._changed, init_log=init_log)
        pool.environments.append(environment)
        return environment

    def _reserve(self, environment: WarmEnvironment, waiter: Waiter) -> None:
        environment.cancel_idle_timer()
        environment.idle_seconds = waiter.function.idle_seconds
        environment.begin(waiter.tenant_id)

    def _changed(self, environment: WarmEnvironment) -> None:
        """Take note that an environment is ready, ends, or is gone."""
        pool = self._pool(environment.function)
        if environment.is_gone:
            pool.environments.remove(environment)
            environment.cancel_idle_timer()
            if environment.error and not (environment.was_ready or environment.is_retired):
                pool.fail_first(environment)
        else:
            self._offer(environment)
        self._balance()
        self._forget_if_empty(pool)

    def _offer(self, environment: WarmEnvironment) -> None:
        """Give an environment to those that wait for it, or let it be idle."""
        pool = self._pool(environment.function)
        while environment.has_room and (waiter := pool.first_waiter(environment)):
            if self._is_claimed(environment, since=waiter.since):
                environment.retire()
                return
            pool.waiters.remove(waiter)
            self._reserve(environment, waiter)
            waiter.environment.set_result(environment)
        if environment.is_idle:
            if self._is_closing or environment.is_outdated:
                environment.retire()
            else:
                environment.retire_after(self.idle_seconds_of(environment))

    def _is_claimed(self, environment: WarmEnvironment, *, since: float) -> bool:
        """Return whether an invocation of another kind has waited too long for a place."""
        if environment.running or self._has_room or self._ending:
            return False
        first = [each.waiters[0] for each in self._pools.values() if each.waiters]
        oldest = min(first, key=lambda each: each.since)
        return (
            since - oldest.since > _PATIENCE_SECONDS
            and not oldest.fits(environment)
            and self._pool(oldest.function).may_grow(oldest.function)
        )

    @property
    def _ending(self) -> int:
        """How many environments make room for others."""
        return sum(each.is_stopping for each in self.environments)

    def _balance(self) -> None:
        """Start environments for those that wait, and end idle ones that are in their way."""
        waiting = [each for each in self._pools.values() if each.waiters]
        ending = self._ending if waiting else 0
        for pool in sorted(waiting, key=lambda each: each.waiters[0].since):
            for waiter in pool.unmet():
                if pool.starting >= self._most_starting:
                    break  # the next one starts when one of them is ready
                if not self._make_way(pool, waiter.function):
                    break
                if self._has_room:
                    self._start(pool, waiter.function, init_log=waiter.init_log)
                elif ending:
                    ending -= 1
                elif (seconds := pool.patience(waiter, _PATIENCE_SECONDS)) > 0:
                    self._look_again(seconds)
                    break
                elif not _end_least_recently_used(self.environments):
                    break
            if any(each.answered_recently(FREE_SOON_SECONDS) for each in pool.environments):
                self._look_again(FREE_SOON_SECONDS)
        self._prepare_ahead()

    def _make_way(self, pool: Pool, function: FleetFunction) -> bool:
        """Return whether the limit of a function allows another environment, or does so without an idle one."""
        if pool.may_grow(function):
            return True
        return _end_least_recently_used(pool.environments) and pool.may_grow(function)

    def _prepare_ahead(self) -> None:
        """Initialise environments for the next invocations that want a fresh one, if there is room."""
        for pool in self._pools.values():
            function = pool.ahead
            if function is None or self._is_closing:
                continue
            waiter = Waiter(function=function, tenant_id=None, fresh=True)
            if any(waiter.fits(each) for each in pool.environments):
                pool.ahead = None
            elif pool.may_grow(function) and self._has_room:
                pool.ahead = None
                self._start(pool, function)
            elif not any(each.is_stopping for each in pool.environments):
                pool.ahead = None  # others need the place

    def _look_again(self, seconds: float) -> None:
        """Balance again after some seconds, because nothing else may lead to it before."""
        loop = asyncio.get_running_loop()
        at = loop.time() + seconds
        if self._next_look:
            if self._next_look.when() <= at:
                return
            self._next_look.cancel()
        self._next_look = loop.call_at(at, self._look)

    def _look(self) -> None:
        self._next_look = None
        self._balance()


def _end_least_recently_used(environments: Iterable[WarmEnvironment]) -> bool:
    """End the idle environment that was used least recently; return whether there was one."""
    idle = [each for each in environments if each.is_idle]
    if idle:
        min(idle, key=lambda each: each.last_used).retire()
    return bool(idle)
