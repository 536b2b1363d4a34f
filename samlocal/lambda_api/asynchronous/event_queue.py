"""The events that wait: by function for their turn, and by time for another attempt."""

from __future__ import annotations

import heapq
from collections import deque
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.lambda_api.asynchronous.queued_event import QueuedEvent
    from samlocal.lambda_api.asynchronous.schedule import Clock, Timer


class FunctionQueue:
    """The events of one function that are ready to run, in their order, and how many run.

    While it is paused, the function has no room for more.
    """

    def __init__(self) -> None:
        self.ready: deque[QueuedEvent] = deque()
        self.running = 0
        self.pause: Timer | None = None

    def take(self, limit: int) -> QueuedEvent | None:
        """Return the next event that may run now, if at most `limit` run at once."""
        if self.pause or not self.ready or self.running >= limit:
            return None
        self.running += 1
        return self.ready.popleft()


class WaitingEvents:
    """Events that wait for a time, with one timer for the first of them; `is_due` takes each."""

    def __init__(self, clock: Clock, is_due: Callable[[QueuedEvent], None]) -> None:
        self._clock = clock
        self._is_due = is_due
        self._heap: list[tuple[float, int, QueuedEvent]] = []
        self._numbers = count()
        self._timer: Timer | None = None

    def add(self, event: QueuedEvent, seconds: float) -> None:
        """Let an event wait for so many seconds."""
        due = self._clock.time() + seconds
        heapq.heappush(self._heap, (due, next(self._numbers), event))
        if self._heap[0][2] is event:
            self._set_timer()

    def stop(self) -> None:
        """Call nobody back any more."""
        if self._timer:
            self._timer.cancel()
        self._heap.clear()

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._clock.call_at(self._heap[0][0], self._wake) if self._heap else None

    def _wake(self) -> None:
        self._timer = None
        now = self._clock.time()
        while self._heap and self._heap[0][0] <= now:
            self._is_due(heapq.heappop(self._heap)[2])
        self._set_timer()
