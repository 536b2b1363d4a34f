"""A function as the fleet runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.sandbox.output import Log
    from samlocal.sandbox.spec import Spec


@frozen
class FleetFunction:
    """One version of a function, ready to run, and the pool that its environments are in.

    All versions of the function in one project share the pool `key`, whose limit is `reserved_concurrency`.
    Only environments with the same `fingerprint` run its invocations; it stands for everything that shapes an
    environment: spec, configuration, code, layers. `log` gets what belongs to no invocation.

    An environment ends when it has served no invocation for `idle_seconds`, those of the function of its last
    invocation; None means the time of the fleet.
    """

    key: str
    fingerprint: str
    spec: Spec
    configuration: FunctionConfiguration
    log: Log
    reserved_concurrency: int | None = None
    idle_seconds: float | None = None

    @property
    def is_debugged(self) -> bool:
        """Whether a debugger attaches to its only environment."""
        return self.spec.is_debugged
