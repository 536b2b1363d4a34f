"""The environments of one function, and the invocations that wait for one."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

from samlocal.errors import ThrottledError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.execution.fleet.fleet_function import FleetFunction
    from samlocal.execution.fleet.waiter import Waiter
    from samlocal.execution.fleet.warm_environment import WarmEnvironment

# Once an invocation is answered, its environment is free soon, unless extensions still work.
FREE_SOON_SECONDS: Final = 0.1


class Pool:
    """The environments of one function in one project.

    `ahead` is the function for whose next invocation an environment is to be initialised, if there is room.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self.environments: list[WarmEnvironment] = []
        self.waiters: deque[Waiter] = deque()
        self.ahead: FleetFunction | None = None
        self._admitted = 0

    @property
    def is_empty(self) -> bool:
        return not (self.environments or self.waiters or self.ahead or self._admitted)

    @property
    def starting(self) -> int:
        """How many environments have not been ready yet, and are wanted."""
        return sum(not (each.was_ready or each.is_retired) for each in self.environments)

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

    def first_waiter(self, environment: WarmEnvironment) -> Waiter | None:
        """Return the invocation that has waited longest for such an environment."""
        fitting = (each for each in self.waiters if each.fits(environment))
        return next((each for each in fitting if not each.environment.done()), None)

    def unmet(self) -> Iterator[Waiter]:
        """Yield the invocations for which no environment is coming, in the order of their arrival."""
        coming = {each: each.places(FREE_SOON_SECONDS) for each in self.environments}
        for waiter in tuple(self.waiters):
            if waiter.environment.done():
                continue
            found = next((each for each in coming if coming[each] and waiter.fits(each)), None)
            if found is None:
                yield waiter
            else:
                coming[found] -= 1

    def patience(self, waiter: Waiter, seconds: float) -> float:
        """Return how much longer an invocation waits for an environment of this pool to be free.

        After `seconds` it takes the place of an idle one of another function, which would mean a start for
        each of them where both are invoked all the time.
        """
        if not any(waiter.fits(each) for each in self.environments):
            return 0.0
        return waiter.since + seconds - time.monotonic()

    def fail_first(self, environment: WarmEnvironment) -> None:
        """Let the invocation fail for which an environment was started that could not start."""
        for waiter in self.waiters:
            is_meant = waiter.function.fingerprint == environment.function.fingerprint
            if is_meant and environment.error and not waiter.environment.done():
                self.waiters.remove(waiter)
                waiter.environment.set_exception(environment.error)
                return

    def may_grow(self, function: FleetFunction) -> bool:
        """Return whether the limit of the function allows another environment."""
        if function.is_debugged:  # its port is free when the environment has gone
            return not self.environments
        reserved = function.reserved_concurrency
        if reserved is None:
            return True
        return sum(not each.is_stopping for each in self.environments) < reserved
