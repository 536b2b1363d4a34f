"""The events that wait for one subscriber, until a batch is due."""

from __future__ import annotations

import math
import time
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Final

from samlocal.execution.telemetry.encoding import EncodedEvents

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.runtime_api.subscriptions import Subscription

# A subscriber that is this far behind loses events.
MAX_WAITING_BYTES: Final = 16 * 1024 * 1024


class EventBuffer:
    """Keeps the events of one subscriber in their order; called from any thread.

    A batch is due when the subscription's number of events, bytes or milliseconds is reached, or after
    `hasten`. Events that do not fit are dropped; `dropped` encodes the event that says so, from their
    number and bytes, and returns None if the subscriber does not get it.
    """

    def __init__(
        self, subscription: Subscription, dropped: Callable[[int, int], EncodedEvents | None]
    ) -> None:
        self._max_number = subscription.buffering.max_items
        self._max_bytes = subscription.buffering.max_bytes
        self._seconds = subscription.buffering.timeout_ms / 1000
        self._encode_dropped = dropped
        self._lock = Lock()
        self._waiting: deque[tuple[float, EncodedEvents]] = deque()  # and when they came
        self._number = 0
        self._bytes = 0
        self._added = 0
        self._hastened = 0
        self._dropped_number = 0
        self._dropped_bytes = 0

    def add(self, events: EncodedEvents) -> bool:
        """Add events; return whether the time of the next batch changes."""
        with self._lock:
            if self._bytes + len(events.data) > MAX_WAITING_BYTES:
                self._count_dropped(events)
                return False
            was_due = self._is_due()
            was_empty = not self._waiting
            self._note_dropped()
            self._append(events)
            return was_empty or self._is_due() > was_due

    def drop(self, batch: EncodedEvents) -> None:
        """Count a batch as dropped that was taken, and not delivered."""
        with self._lock:
            self._count_dropped(batch)
            self._note_dropped()

    def hasten(self) -> int:
        """Make all events so far due; return their number since the beginning."""
        with self._lock:
            self._hastened = self._added
            return self._added

    def seconds_until_due(self) -> float:
        """Return the time until the next batch is due; infinity without an event."""
        with self._lock:
            if self._is_due():
                return 0.0
            since = self._waiting[0][0] if self._waiting else math.inf
            return max(0.0, since + self._seconds - time.monotonic())

    def take(self) -> EncodedEvents:
        """Remove and return the next batch; it is empty if no event waits."""
        with self._lock:
            taken: list[EncodedEvents] = []
            number, size = self._max_number, self._max_bytes
            while self._waiting and number > 0 and size > 0:
                since, events = self._waiting.popleft()
                if events.number > number or len(events.data) > size:
                    events, rest = events.split(number, size)
                    if rest.number:
                        self._waiting.appendleft((since, rest))
                        self._bytes -= 1  # the line feed between them
                taken.append(events)
                number -= events.number
                size -= len(events.data)
            batch = EncodedEvents(
                b"\n".join(events.data for events in taken), self._max_number - number
            )
            self._number -= batch.number
            self._bytes -= self._max_bytes - size
            self._note_dropped()
            return batch

    def _is_due(self) -> bool:
        return bool(self._waiting) and (
            self._number >= self._max_number
            or self._bytes >= self._max_bytes
            or self._added - self._number < self._hastened
        )

    def _append(self, events: EncodedEvents) -> None:
        self._waiting.append((time.monotonic(), events))
        self._number += events.number
        self._bytes += len(events.data)
        self._added += events.number

    def _count_dropped(self, events: EncodedEvents) -> None:
        self._dropped_number += events.number
        self._dropped_bytes += len(events.data)

    def _note_dropped(self) -> None:
        """Put the event about dropped events where they would have been."""
        if not self._dropped_number:
            return
        event = self._encode_dropped(self._dropped_number, self._dropped_bytes)
        self._dropped_number = self._dropped_bytes = 0
        if event:
            self._append(event)
