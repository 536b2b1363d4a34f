"""The Runtime API of a sandbox whose runtime serves several invocations at once.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-execution-environment.html, with the
refusals of the runtime interface emulator.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from samlocal.runtime_api.delivery import Delivery
from samlocal.runtime_api.dispatch import RefusalError
from samlocal.runtime_api.exchange import Exchange, InitCalls, read_error, read_response
from samlocal.runtime_api.futures import settle
from samlocal.runtime_api.responses import (
    ACCEPTED,
    INVALID_REQUEST_ID,
    INVOKE_TIMEOUT,
    invocation_event,
)
from samlocal.runtime_api.runtime_routes import runtime_routes
from samlocal.runtime_api.state import InvalidStateTransitionError, RuntimeState

if TYPE_CHECKING:
    from samlocal.invocation import Invocation
    from samlocal.runtime_api.answer import Answer
    from samlocal.runtime_api.http_messages import Request, Response

# A worker that knows this header sends it back with its answer.
_INVOCATION_ID: Final = "Lambda-Runtime-Invocation-Id"
# As many as the emulator remembers.
_MAX_EXPIRED: Final = 1000


@dataclass(kw_only=True, slots=True)
class ConcurrentExchange(Exchange):
    """One invocation, which may wait for a worker: `received` is done when one has it."""

    received: asyncio.Future[None] = field(default_factory=asyncio.Future)

    def begin(self) -> None:
        """Begin in a worker: the deadline moves by the time that it waited, unless the caller chose one."""
        now = time.monotonic()
        if self.invocation.deadline_ms is None:
            self.deadline_ms += round((now - self.begun) * 1000)
        self.begun = now
        settle(self.received, None)


class _Running:
    """An invocation that has no answer yet."""

    def __init__(self, exchange: ConcurrentExchange) -> None:
        self.exchange = exchange
        self.identifier = str(uuid4())
        self.is_answering = False


class ConcurrentRuntimeApi(InitCalls):
    """The calls of the workers (processes, threads) of one runtime, each with an invocation of its own.

    A worker is not known by a name: any of them may call `next`, and answers are matched by request ID. A
    worker that dies takes its invocation along, until `expire`; the others go on.

    `initialised` is done when the first worker calls `next`, or one reports an error. `finished` of an
    exchange is done with its answer, because nobody knows which worker asks again. `next_call` is done when
    the next worker waits for an invocation.
    """

    def __init__(self) -> None:
        super().__init__()
        self._idle: deque[asyncio.Future[_Running]] = deque()
        self._undelivered: deque[_Running] = deque()
        self._running: dict[str, _Running] = {}
        self._expired: dict[str, None] = {}
        self.next_call: asyncio.Future[None] = asyncio.Future()
        self._busy_workers = 0
        self._most_workers = 0

    @property
    def most_workers(self) -> int:
        """How many workers there have been at once, as far as they have called `next`."""
        return self._most_workers

    @property
    def idle_workers(self) -> int:
        """How many workers have called `next` and have no invocation; may be more than the limit."""
        return len(self._idle)

    @property
    def is_waiting(self) -> bool:
        """Whether a worker has called `next` and has no invocation."""
        return bool(self._idle)

    def move(self, wanted: RuntimeState) -> None:
        """Refuse a call of SnapStart, which managed instances do not have.

        Raises:
            InvalidStateTransitionError: Always.
        """
        raise InvalidStateTransitionError(f"no {wanted.value} on managed instances")

    def deliver(
        self, invocation: Invocation, *, deadline_ms: int, response: Delivery | None = None
    ) -> ConcurrentExchange:
        """Give an invocation to a worker that waits, or to the next one that asks.

        `deadline_ms` is Unix time in milliseconds, for a worker that waits. A streamed response goes to `response` while it arrives,
        except its end.

        Raises:
            ValueError: An invocation with this request ID is running.
        """
        if invocation.request_id in self._running:
            raise ValueError(f"invocation `{invocation.request_id}` is running already")
        exchange = ConcurrentExchange(
            invocation=invocation, deadline_ms=deadline_ms, delivery=response or Delivery()
        )
        running = self._running[invocation.request_id] = _Running(exchange)
        if not self._hand_over(running):
            self._undelivered.append(running)
        return exchange

    def expire(self, exchange: Exchange) -> None:
        """Give up an invocation: its time is over. A worker that answers it yet is told so, and goes on."""
        request_id = exchange.invocation.request_id
        running = self._running.get(request_id)
        if running is None or running.exchange is not exchange:
            return
        del self._running[request_id]
        if running in self._undelivered:
            self._undelivered.remove(running)
            return
        self._expired[request_id] = None
        if len(self._expired) > _MAX_EXPIRED:
            del self._expired[next(iter(self._expired))]

    async def handle(self, request: Request) -> Response:
        return await _ROUTES.dispatch(self, request)

    async def next_invocation(self, request: Request) -> Response:
        """`GET /runtime/invocation/next`: a worker waits for an invocation."""
        if self._state is RuntimeState.STARTED:
            self._state = RuntimeState.READY
            self._end_init()
        self._most_workers = max(self._most_workers, len(self._idle) + self._busy_workers + 1)
        running = await self._take()
        self._busy_workers += 1
        exchange = running.exchange
        exchange.begin()
        response = invocation_event(exchange.invocation, exchange.deadline_ms, request)
        return replace(response, headers={**response.headers, _INVOCATION_ID: running.identifier})

    async def invocation_response(self, request: Request, request_id: str) -> Response:
        """`POST /runtime/invocation/{id}/response`: the function's result."""
        running = self._find(request, request_id)
        if running.is_answering:
            return INVALID_REQUEST_ID
        running.is_answering = True
        answer, response = await read_response(request, running.exchange)
        self._finish(running, answer)
        return response

    async def invocation_error(self, request: Request, request_id: str) -> Response:
        """`POST /runtime/invocation/{id}/error`: the function failed, maybe in the middle of its response."""
        running = self._find(request, request_id)
        self._finish(running, await read_error(request, running.exchange))
        return ACCEPTED

    async def _take(self) -> _Running:
        """Wait as a worker for an invocation."""
        if self._undelivered:
            return self._undelivered.popleft()
        worker: asyncio.Future[_Running] = asyncio.Future()
        self._idle.append(worker)
        settle(self.next_call, None)
        self.next_call = asyncio.Future()
        try:
            return await worker
        except asyncio.CancelledError:  # it has disconnected
            if worker.cancelled():
                self._idle = deque(each for each in self._idle if each is not worker)
            elif self._is_current(worker.result()) and not self._hand_over(worker.result()):
                self._undelivered.appendleft(worker.result())
            raise

    def _hand_over(self, running: _Running) -> bool:
        """Give an invocation to the worker that waits longest; return False if none waits."""
        while self._idle:
            worker = self._idle.popleft()
            if not worker.done():
                worker.set_result(running)
                return True
        return False

    def _find(self, request: Request, request_id: str) -> _Running:
        """Return the invocation that a worker answers.

        Raises:
            RefusalError: There is none with this ID, or its time is over.
        """
        running = self._running.get(request_id)
        if running is None or running in self._undelivered:
            raise RefusalError(self._refusal(request_id))
        # The same request ID may be invoked again after its time is over.
        if request.header(_INVOCATION_ID) not in {None, running.identifier}:
            raise RefusalError(INVOKE_TIMEOUT)
        return running

    def _is_current(self, running: _Running) -> bool:
        """Return whether an invocation has no answer yet, and time left."""
        return self._running.get(running.exchange.invocation.request_id) is running

    def _finish(self, running: _Running, answer: Answer) -> None:
        request_id = running.exchange.invocation.request_id
        if not self._is_current(running):
            raise RefusalError(self._refusal(request_id))
        del self._running[request_id]
        self._busy_workers -= 1
        settle(running.exchange.answer, answer)
        settle(running.exchange.finished, time.monotonic())

    def _refusal(self, request_id: str) -> Response:
        if request_id in self._expired:
            del self._expired[request_id]
            self._busy_workers -= 1
            return INVOKE_TIMEOUT
        return INVALID_REQUEST_ID


_ROUTES: Final = runtime_routes(ConcurrentRuntimeApi)
