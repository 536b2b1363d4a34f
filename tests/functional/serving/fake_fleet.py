"""A fleet without environments: it keeps what it is asked, and answers with the code that would run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from samlocal.invocation import InvocationResult, Report
from samlocal.sandbox.sandbox import TASK_ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.execution.fleet.fleet_function import FleetFunction
    from samlocal.invocation import Invocation, ResponseSink
    from samlocal.sandbox.output import Log


@dataclass
class FakeFleet:
    """Its environments are fingerprints by the key of their pool.

    An invocation returns the content of `app.py`, as its environment read it when it started, and waits for
    `may_end`. `on_start` may raise an error.
    """

    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    starts: list[str] = field(default_factory=list)
    invocations: list[Invocation] = field(default_factory=list)
    functions: list[FleetFunction] = field(default_factory=list)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    warm_up_error: Exception | None = None
    on_start: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.may_end.set()

    async def invoke(
        self,
        function: FleetFunction,
        invocation: Invocation,
        *,
        log: Log | None = None,
        response: ResponseSink | None = None,
    ) -> InvocationResult:
        del response
        code = self._start(function)
        self.invocations.append(invocation)
        self.functions.append(function)
        if log:
            log.line(f"START {invocation.request_id}")
            log.write(code.encode())
        await self.may_end.wait()
        return InvocationResult(
            outcome="success",
            payload=code.encode(),
            report=Report(
                request_id=invocation.request_id,
                duration_ms=1.0,
                memory_size_mb=128,
                max_memory_used_mb=None,
            ),
        )

    async def warm_up(self, function: FleetFunction) -> None:
        if self.warm_up_error:
            raise self.warm_up_error
        self._start(function)

    def retire(self, key: str, *, keep: str | None = None) -> None:
        pool = self.environments.get(key, {})
        for fingerprint in [each for each in pool if each != keep]:
            del pool[fingerprint]

    def pool(self, name: str) -> dict[str, str]:
        """Return the environments of a function."""
        return next(
            (pool for key, pool in self.environments.items() if key.endswith(f":{name}")), {}
        )

    def _start(self, function: FleetFunction) -> str:
        pool = self.environments.setdefault(function.key, {})
        if function.fingerprint not in pool:
            self.on_start()
            self.starts.append(function.spec.sandbox.function)
            (source,) = (
                each.source for each in function.spec.sandbox.mounts if each.target == TASK_ROOT
            )
            pool[function.fingerprint] = (source / "app.py").read_text()
        return pool[function.fingerprint]
