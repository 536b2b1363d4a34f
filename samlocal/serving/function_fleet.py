"""What a served project needs of the fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from samlocal.execution.fleet.fleet_function import FleetFunction
    from samlocal.invocation import Invocation, InvocationResult, ResponseSink
    from samlocal.sandbox.output import Log


class FunctionFleet(Protocol):
    """Runs invocations in warm environments: see `samlocal.execution.fleet.fleet.Fleet`."""

    async def invoke(
        self,
        function: FleetFunction,
        invocation: Invocation,
        *,
        log: Log | None = None,
        response: ResponseSink | None = None,
    ) -> InvocationResult: ...

    async def warm_up(self, function: FleetFunction) -> None: ...

    def retire(self, key: str, *, keep: str | None = None) -> None: ...


class ProgramFleet(Protocol):
    """Runs the programs of web functions: see `samlocal.execution.fleet.web_programs.WebPrograms`."""

    def connected(
        self, function: FleetFunction, is_current: Callable[[], bool], *, holds: bool = True
    ) -> AbstractAsyncContextManager[socket.socket]: ...

    async def warm_up(self, function: FleetFunction, is_current: Callable[[], bool]) -> None: ...

    def retire(self, key: str, *, keep: str | None = None) -> None: ...
