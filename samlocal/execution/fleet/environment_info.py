"""What is known about an environment of a fleet."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from samlocal.execution.fleet.warm_environment import State, WarmEnvironment


@frozen
class EnvironmentInfo:
    """An environment as it is at one moment. Times are aware; `ends` is that of an idle one."""

    key: str
    version: str
    fingerprint: str
    state: State
    invocations: int
    started: datetime
    ends: datetime | None


def describe(environment: WarmEnvironment, *, idle_seconds: float) -> EnvironmentInfo:
    """Return what is known about an environment that ends after some idle seconds."""
    ends = None
    if environment.state == "idle":
        left = idle_seconds - (time.monotonic() - environment.last_used)
        ends = datetime.now(UTC) + timedelta(seconds=max(0.0, left))
    return EnvironmentInfo(
        key=environment.function.key,
        version=environment.function.configuration.version,
        fingerprint=environment.function.fingerprint,
        state=environment.state,
        invocations=environment.invocations,
        started=environment.started,
        ends=ends,
    )
