"""The queue of asynchronous invocations: attempts, waits, and what becomes of each event.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, Protocol, Self

from samlocal.errors import FunctionNotFoundError, SamlocalError, ThrottledError, UsageError
from samlocal.lambda_api.api_error import told
from samlocal.lambda_api.asynchronous.deliveries import Deliveries
from samlocal.lambda_api.asynchronous.event_queue import FunctionQueue, WaitingEvents
from samlocal.lambda_api.asynchronous.queued_event import QueuedEvent
from samlocal.lambda_api.asynchronous.records import Outcome
from samlocal.lambda_api.asynchronous.schedule import backoff_seconds, retry_seconds
from samlocal.lambda_api.recursion import RecursiveInvocationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.function import Function
    from samlocal.invocation import FunctionError, InvocationResult
    from samlocal.lambda_api.asynchronous.records import Condition
    from samlocal.lambda_api.asynchronous.schedule import Clock
    from samlocal.serving.function_call import FunctionCall

# What waits and runs at most, in all; Lambda's own queue has no limit that is documented.
MAX_EVENTS: Final = 10_000
MAX_BYTES: Final = 256 * 1024 * 1024
# How many events of one function run at once, unless it reserves less: synchronous invocations get their turn.
MAX_RUNNING: Final = 10
_PAUSE_SECONDS: Final = 1.0
_OK: Final = 200
_STATUS_CODES: Final = (
    (ThrottledError, 429),
    (FunctionNotFoundError, 404),
    ((RecursiveInvocationError, UsageError), 400),
)
_SYSTEM_ERROR: Final = 500
# Errors that no later attempt mends.
_LASTING: Final = (FunctionNotFoundError, RecursiveInvocationError, UsageError)

_log = logging.getLogger("samlocal.endpoint")


class InvokedFunctions(Protocol):
    """The part of a served project that asynchronous invocations need."""

    async def find(self, name: str) -> Function: ...

    async def invoke(self, call: FunctionCall) -> InvocationResult: ...


class AsyncInvocations:
    """Takes events within the `async with` block, whose end reports those that were not handled.

    `report` gets lines for the user: failed attempts, and what would have been sent to a service. A function
    that fails runs again with the same request ID. All calls are in one event loop; tests give another `clock`.
    """

    def __init__(
        self,
        functions: InvokedFunctions,
        *,
        report: Callable[[str], None],
        clock: Clock | None = None,
        max_events: int = MAX_EVENTS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._functions = functions
        self._report = report
        self._clock = clock or asyncio.get_running_loop()
        self._limits = (max_events, max_bytes)
        self._deliveries = Deliveries(functions, report=report, enqueue=self.enqueue)
        self._waiting = WaitingEvents(self._clock, self._put)
        self._queues: dict[str, FunctionQueue] = {}
        self._events: dict[QueuedEvent, None] = {}
        self._size_bytes = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close(0)

    def enqueue(
        self, function: Function, call: FunctionCall, *, refused: SamlocalError | None = None
    ) -> None:
        """Take an event and return at once; the lineage in its trace header counts this invocation already.

        An event that is `refused`, because `continue_lineage` raised that error, does not run. It goes where
        the function's failed events go, as in a loop on Lambda.

        Raises:
            ThrottledError: too many events wait, or the endpoint is stopping.
        """
        event = QueuedEvent(
            function=function, call=call, accepted=self._clock.time(), refused=refused
        )
        max_events, max_bytes = self._limits
        size_bytes = self._size_bytes + event.size_bytes
        if self._is_closed or len(self._events) >= max_events or size_bytes > max_bytes:
            raise ThrottledError(
                "the endpoint is stopping"
                if self._is_closed
                else f"{len(self._events)} asynchronous invocations wait, and there is no room for more",
                reason="CallerRateLimitExceeded",
            )
        self._events[event] = None
        self._size_bytes = size_bytes
        self._put(event)

    async def close(self, seconds: float) -> None:
        """Start nothing more, and wait up to so many seconds for what runs.

        What then still runs is cancelled; each event that was not handled is reported.
        """
        self._is_closed = True
        self._waiting.stop()
        for queue in self._queues.values():
            if queue.pause:
                queue.pause.cancel()
        if self._tasks and seconds > 0:
            await asyncio.wait(self._tasks, timeout=seconds)
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for event in self._events:
            self._report(f"{event} is lost: {event.state}")
        self._events.clear()

    def _put(self, event: QueuedEvent) -> None:
        queue = self._queues.setdefault(event.function.full_path, FunctionQueue())
        queue.ready.append(event)
        self._start(queue)

    def _start(self, queue: FunctionQueue) -> None:
        """Run the next events of a function, as many as may run at once."""
        while not self._is_closed and (event := queue.take(_limit(queue))):
            task = asyncio.create_task(self._run(queue, event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, queue: FunctionQueue, event: QueuedEvent) -> None:
        try:
            outcome = await self._attempt(queue, event)
            if outcome:
                await self._finish(event, outcome)
        except Exception:  # noqa: BLE001  # the queue outlives a fault of one event
            _log.exception("%s is lost", event)
            self._report(f"{event} is lost: samlocal failed")
            self._discard(event)
        finally:
            queue.running -= 1
            self._start(queue)

    async def _attempt(self, queue: FunctionQueue, event: QueuedEvent) -> Outcome | None:
        """Run the function; return the outcome, or None if the event waits for another attempt."""
        if event.refused:
            return _refusal(event.refused)
        if event.function.reserved_concurrency == 0:
            message = "`ReservedConcurrentExecutions` is 0"
            return Outcome(condition="ZeroReservedConcurrency", message=message)
        if self._remaining_seconds(event) <= 0:
            return _refusal(event.last_refusal, condition="EventAgeExceeded")
        event.state = "it was running"
        try:
            result = await self._functions.invoke(event.call)
        except SamlocalError as error:
            return self._after_refusal(queue, event, error)
        event.attempts += 1
        event.refusals, event.last_refusal = 0, None
        if result.error is None:
            return Outcome(condition="Success", status_code=_OK, payload=result.payload)
        return self._after_error(event, result, result.error)

    def _after_error(
        self, event: QueuedEvent, result: InvocationResult, error: FunctionError
    ) -> Outcome | None:
        seconds = retry_seconds(event.attempts)
        condition: Condition
        if event.attempts > event.config.max_retries:
            condition = "RetriesExhausted"
        elif seconds >= self._remaining_seconds(event):
            condition = "EventAgeExceeded"
        else:
            self._report(
                f"{event}: attempt {event.attempts} failed ({error.type}: {error.message});"
                f" the next one is in {seconds:g} s"
            )
            self._wait(event, seconds)
            return None
        return Outcome(
            condition=condition,
            status_code=_OK,
            payload=result.payload,
            message=error.message,
            error_type=error.type,
        )

    def _after_refusal(
        self, queue: FunctionQueue, event: QueuedEvent, error: SamlocalError
    ) -> Outcome | None:
        """Let an event wait that could not run; other events of its function wait for a moment as well."""
        if isinstance(error, _LASTING):
            return _refusal(error)
        event.refusals += 1
        event.last_refusal = error
        remaining = max(self._remaining_seconds(event), 0)
        seconds = min(backoff_seconds(event.refusals), remaining)
        if not isinstance(error, ThrottledError):
            self._report(f"{event} cannot run: {told(error)}; the next attempt is in {seconds:g} s")
        self._wait(event, seconds)
        self._pause(queue)
        return None

    def _remaining_seconds(self, event: QueuedEvent) -> float:
        return event.accepted + event.config.max_age_seconds - self._clock.time()

    def _wait(self, event: QueuedEvent, seconds: float) -> None:
        event.state = f"it waits for attempt {event.attempts + 1}"
        if not self._is_closed:
            self._waiting.add(event, seconds)

    def _pause(self, queue: FunctionQueue) -> None:
        def resume() -> None:
            queue.pause = None
            self._start(queue)

        if not queue.pause and not self._is_closed:
            when = self._clock.time() + _PAUSE_SECONDS
            queue.pause = self._clock.call_at(when, resume)

    async def _finish(self, event: QueuedEvent, outcome: Outcome) -> None:
        event.state = "its outcome was not delivered"
        if not outcome.is_success:
            times = "once" if event.attempts == 1 else f"{event.attempts} times"
            ran = f"after it ran {times}" if event.attempts else "without a run"
            self._report(f"{event} failed {ran} ({outcome.condition}): {outcome.reason}")
        await self._deliveries.deliver(event, outcome)
        self._discard(event)

    def _discard(self, event: QueuedEvent) -> None:
        if event in self._events:
            del self._events[event]
            self._size_bytes -= event.size_bytes


def _limit(queue: FunctionQueue) -> int:
    reserved = queue.ready[0].function.reserved_concurrency if queue.ready else None
    return min(reserved or MAX_RUNNING, MAX_RUNNING)


def _refusal(error: SamlocalError | None, *, condition: Condition = "RetriesExhausted") -> Outcome:
    if error is None:
        return Outcome(condition=condition, message="it waited too long")
    codes = (code for classes, code in _STATUS_CODES if isinstance(error, classes))
    return Outcome(
        condition=condition,
        status_code=next(codes, _SYSTEM_ERROR),
        message="Rate Exceeded." if isinstance(error, ThrottledError) else told(error),
    )
