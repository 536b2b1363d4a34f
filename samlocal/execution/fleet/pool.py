"""The environments of one function, and the invocations that wait for one."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from samlocal.errors import ThrottledError

if TYPE_CHECKING:
    from samlocal.execution.fleet.fleet_function import FleetFunction
    from samlocal.execution.fleet.warm_environment import WarmEnvironment

# Once an invocation is answered, its environment is free soon, unless extensions still work.
FREE_SOON_SECONDS: Final = 0.1


@dataclass(kw_only=True, eq=False, slots=True)
class Waiter:
    """An invocation that waits for an environment; `fresh` is one that has served no other."""

    function: FleetFunction
    tenant_id: str | None
    fresh: bool
    environment: asyncio.Future[WarmEnvironment] = field(default_factory=asyncio.Future)
    since: float = field(default_factory=time.monotonic)

    def fits(self, environment: WarmEnvironment) -> bool:
        """Return whether an environment can serve it, now or when it has room."""
        if environment.is_retired or environment.is_gone:
            return False
        if environment.function.fingerprint != self.function.fingerprint:
            return False
        if environment.invocations == 0:
            return True
        return not self.fresh and environment.tenant_id == self.tenant_id


class Pool:
    """The environments of one function in one project."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.environments: list[WarmEnvironment] = []
        self.waiters: deque[Waiter] = deque()
        self._admitted = 0

    @property
    def is_empty(self) -> bool:
        return not (self.environments or self.waiters or self._admitted)

    def admit(self, function: FleetFunction) -> None:
        """Count an invocation, until `leave`.

        Raises:
            ThrottledError: As many are running as the function reserves.
        """
        reserved = function.reserved_concurrency
        if reserved is not None and self._admitted >= reserved:
            raise ThrottledError(
                "Rate Exceeded.",
                reason="ReservedFunctionConcurrentInvocationLimitExceeded",
                hint=f"`ReservedConcurrentExecutions` of the function is {reserved}",
            )
        self._admitted += 1

    def leave(self) -> None:
        self._admitted -= 1

    def take(self, waiter: Waiter) -> WarmEnvironment | None:
        """Return the environment with room that was used last, which keeps the others idle."""
        fitting = [each for each in self.environments if each.has_room and waiter.fits(each)]
        return max(fitting, key=lambda each: each.last_used, default=None)

    def serve(self, environment: WarmEnvironment) -> Waiter | None:
        """Return the waiter that has waited longest for such an environment, and forget it."""
        for waiter in self.waiters:
            if waiter.fits(environment) and not waiter.environment.done():
                self.waiters.remove(waiter)
                return waiter
        return None

    def needed(self) -> FleetFunction | None:
        """Return the function of a waiter for which no environment is coming, None if all have one."""
        now = time.monotonic()
        coming = [each for each in self.environments if _is_coming(each, now)]
        for waiter in self.waiters:
            found = next((each for each in coming if waiter.fits(each)), None)
            if found is None:
                return waiter.function if self._may_grow(waiter.function) else None
            coming.remove(found)
        return None

    def _may_grow(self, function: FleetFunction) -> bool:
        return len(self.environments) < _most_environments(function)

    def obstacle(self, function: FleetFunction) -> WarmEnvironment | None:
        """Return an idle environment of another kind that takes the place of one of this function."""
        if self._may_grow(function):
            return None
        return self.least_recently_used()

    def least_recently_used(self) -> WarmEnvironment | None:
        """Return the idle environment that was used least recently."""
        idle = [each for each in self.environments if each.is_ready and not each.running]
        return min(idle, key=lambda each: each.last_used, default=None)


def _is_coming(environment: WarmEnvironment, now: float) -> bool:
    """Return whether an environment is starting, or is free soon."""
    if environment.is_retired or environment.is_gone:
        return False
    if not environment.is_ready:
        return True
    answered_at = environment.answered_at
    return answered_at is not None and now - answered_at < FREE_SOON_SECONDS


def _most_environments(function: FleetFunction) -> float:
    if function.is_debugged:
        return 1
    reserved = function.reserved_concurrency
    return math.inf if reserved is None else reserved
