"""A queue of asynchronous invocations whose time a test moves."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Protocol

import pytest

from samlocal.lambda_api.asynchronous.async_invocations import AsyncInvocations
from samlocal.serving.function_call import FunctionCall
from tests.functional.lambda_api.asynchronous.fakes import FakeFunctions, VirtualClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from samlocal.errors import SamlocalError
    from samlocal.function import Function


class Queue:
    """The queue, its functions, its clock, and what it reported."""

    def __init__(self, clock: VirtualClock, functions: FakeFunctions) -> None:
        self.clock = clock
        self.functions = functions
        self.reported: list[str] = []
        self.events: AsyncInvocations
        self._requests = 0

    async def invoke(
        self,
        function: Function,
        payload: bytes = b'{"n": 1}',
        *,
        qualifier: str | None = None,
        trace_id: str | None = None,
        refused: SamlocalError | None = None,
    ) -> str:
        """Put an event in the queue and return its request ID."""
        self._requests += 1
        request_id = f"request-{self._requests}"
        call = FunctionCall(
            function=function.full_path,
            payload=payload,
            request_id=request_id,
            qualifier=qualifier,
            trace_id=trace_id,
        )
        self.events.enqueue(function, call, refused=refused)
        return request_id


class Open(Protocol):
    """Opens a queue for functions."""

    def __call__(
        self, *functions: Function, max_events: int = 100_000, max_bytes: int = 100_000_000
    ) -> AbstractAsyncContextManager[Queue]: ...


@pytest.fixture
def open_queue() -> Open:
    """Return a function that opens a queue and checks in the end that it left no timer."""

    @asynccontextmanager
    async def opened(
        *functions: Function, max_events: int = 100_000, max_bytes: int = 100_000_000
    ) -> AsyncIterator[Queue]:
        clock = VirtualClock()
        queue = Queue(clock, FakeFunctions(clock, *functions))
        queue.events = AsyncInvocations(
            queue.functions,
            report=queue.reported.append,
            clock=clock,
            max_events=max_events,
            max_bytes=max_bytes,
        )
        async with queue.events:
            yield queue
        assert queue.functions.running == []
        assert clock.timers == 0

    return opened
