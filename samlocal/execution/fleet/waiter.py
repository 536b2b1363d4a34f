"""An invocation that waits for an environment."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samlocal.execution.fleet.fleet_function import FleetFunction
    from samlocal.execution.fleet.warm_environment import WarmEnvironment
    from samlocal.sandbox.output import Log


@dataclass(kw_only=True, eq=False, slots=True)
class Waiter:
    """Waits for an environment for `function` and a tenant; a `fresh` one has served no other invocation.

    `log` is that of the invocation. `environment` is done when one is reserved for it, or cannot be had. `since` is in `time.monotonic()`
    seconds.
    """

    function: FleetFunction
    tenant_id: str | None
    fresh: bool
    log: Log | None = None
    environment: asyncio.Future[WarmEnvironment] = field(default_factory=asyncio.Future)
    since: float = field(default_factory=time.monotonic)

    @property
    def init_log(self) -> Log | None:
        """The log of an Init that cannot wait for its invocation: it says that a debugger may attach."""
        return (self.log or self.function.log) if self.function.is_debugged else None

    def fits(self, environment: WarmEnvironment) -> bool:
        """Return whether an environment can serve it, now or when it has room."""
        if environment.is_retired or environment.is_gone:
            return False
        theirs, own = environment.function, self.function
        if (theirs.key, theirs.fingerprint) != (own.key, own.fingerprint):
            return False
        if environment.is_new:
            return True
        return not self.fresh and environment.tenant_id == self.tenant_id
