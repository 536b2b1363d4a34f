"""The Runtime API of one sandbox: its state, and the handlers of the routes."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from samlocal.runtime_api.delivery import Delivery
from samlocal.runtime_api.exchange import Exchange, InitCalls, read_error, read_response
from samlocal.runtime_api.futures import settle
from samlocal.runtime_api.responses import (
    ACCEPTED,
    INVALID_REQUEST_ID,
    invalid_state_transition,
    invocation_event,
)
from samlocal.runtime_api.runtime_routes import runtime_routes
from samlocal.runtime_api.state import InvalidStateTransitionError, RuntimeState, move

if TYPE_CHECKING:
    from samlocal.invocation import Invocation
    from samlocal.runtime_api.answer import Answer
    from samlocal.runtime_api.http_messages import Request, Response


class RuntimeApi(InitCalls):
    """The calls of the runtime in a sandbox, one invocation at a time.

    `initialised` is done when the runtime first calls `next`, or reports an error. The exchange of an
    invocation has the rest.
    """

    def __init__(self) -> None:
        super().__init__()
        self._exchange: asyncio.Future[Exchange] = asyncio.Future()
        self._waiting_calls = 0

    @property
    def is_waiting(self) -> bool:
        """Whether a call of `next` waits for an invocation, and its connection is there."""
        return self._waiting_calls > 0

    def move(self, wanted: RuntimeState) -> None:
        """Make a transition for a call that is not handled here.

        Raises:
            InvalidStateTransitionError: The transition is illegal.
        """
        self._state = move(self._state, wanted)

    def deliver(
        self, invocation: Invocation, *, deadline_ms: int, response: Delivery | None = None
    ) -> Exchange:
        """Answer the runtime's pending or next call of `next` with an invocation.

        `deadline_ms` is Unix time in milliseconds, from which the runtime computes the time remaining. A
        streamed response goes to `response` while it arrives, except its end.
        """
        exchange = Exchange(
            invocation=invocation, deadline_ms=deadline_ms, delivery=response or Delivery()
        )
        self._exchange.set_result(exchange)
        return exchange

    async def handle(self, request: Request) -> Response:
        return await _ROUTES.dispatch(self, request)

    async def next_invocation(self, request: Request) -> Response:
        """`GET /runtime/invocation/next`: wait for an invocation."""
        try:
            if self._state is not RuntimeState.RUNNING:
                self._state = move(self._state, RuntimeState.READY)
                self._ask_for_work()
            exchange = await self._next_exchange()
            if self._state is RuntimeState.READY:
                exchange.begun = time.monotonic()
            self._state = move(self._state, RuntimeState.RUNNING)
        except InvalidStateTransitionError as error:
            return invalid_state_transition(error)
        return invocation_event(exchange.invocation, exchange.deadline_ms, request)

    async def invocation_response(self, request: Request, request_id: str) -> Response:
        """`POST /runtime/invocation/{id}/response`: the function's result."""
        exchange = self._current(request_id)
        if exchange is None:
            return INVALID_REQUEST_ID
        try:
            self._state = move(self._state, RuntimeState.INVOCATION_RESPONSE)
        except InvalidStateTransitionError as error:
            return invalid_state_transition(error)
        answer, response = await read_response(request, exchange)
        self._finish_answer(exchange, answer)
        return response

    async def invocation_error(self, request: Request, request_id: str) -> Response:
        """`POST /runtime/invocation/{id}/error`: the function failed."""
        exchange = self._current(request_id)
        if exchange is None:
            return INVALID_REQUEST_ID
        try:
            self._state = move(self._state, RuntimeState.INVOCATION_ERROR_RESPONSE)
        except InvalidStateTransitionError as error:
            return invalid_state_transition(error)
        self._finish_answer(exchange, await read_error(request, exchange))
        return ACCEPTED

    async def _next_exchange(self) -> Exchange:
        """Wait for an invocation that no other call has taken and answered meanwhile."""
        while True:
            waiting = self._exchange
            self._waiting_calls += 1
            try:
                # The runtime may disconnect while it waits; its next call gets the invocation.
                exchange = await asyncio.shield(waiting)
            finally:
                self._waiting_calls -= 1
            if waiting is self._exchange:
                return exchange

    def _current(self, request_id: str) -> Exchange | None:
        if not self._exchange.done():
            return None
        exchange = self._exchange.result()
        return exchange if exchange.invocation.request_id == request_id else None

    def _ask_for_work(self) -> None:
        """Record that the runtime is initialised and has finished its invocation."""
        self._end_init()
        if self._exchange.done() and self._exchange.result().answer.done():
            settle(self._exchange.result().finished, time.monotonic())
            self._exchange = asyncio.Future()

    def _finish_answer(self, exchange: Exchange, answer: Answer) -> None:
        self._state = move(self._state, RuntimeState.RESPONSE_SENT)
        settle(exchange.answer, answer)


_ROUTES: Final = runtime_routes(RuntimeApi)
