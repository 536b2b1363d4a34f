"""The subscribers of an environment's telemetry, and what each of them receives."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, cast

from samlocal.execution.logs_api_events import LogsSchema, logs_api_events
from samlocal.execution.platform_events import PlatformEvent, iso_time, logs_dropped
from samlocal.execution.telemetry.delivery import Delivery
from samlocal.execution.telemetry.encoding import EncodedEvents, encode_events, encode_records
from samlocal.execution.telemetry.history import OutputPiece
from samlocal.execution.telemetry.records import RecordSplitter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from socket import socket

    from samlocal.execution.logs_api_events import LogsEvent
    from samlocal.execution.platform_events import EventType
    from samlocal.execution.telemetry.history import History
    from samlocal.runtime_api.subscriptions import Subscription

# A subscriber may refuse a whole batch for one event that the Telemetry API does not document.
_LOGS_API_ONLY: Final[frozenset[EventType]] = frozenset(
    {"platform.logsSubscription", "platform.end"}
)
# In these schemas, records of logs are always strings.
_STRING_SCHEMAS: Final = frozenset({"2020-08-15", "2021-03-18", "2022-07-01"})
_TOO_SLOW: Final = "The subscriber receives events more slowly than they occur, or refuses them."

_Splitters = defaultdict[str | None, RecordSplitter]


class _Records(NamedTuple):
    """Records that one process wrote at one time."""

    time: str
    type: Literal["function", "extension"]
    records: list[str]


class Subscribers:
    """All subscribers. Its owner makes the calls one after the other; none waits for a subscriber."""

    def __init__(self, connect: Callable[[int], socket], *, reads_objects: bool) -> None:
        self._connect = connect
        self._reads_objects = reads_objects
        self._deliveries: list[Delivery] = []
        self._splitters: _Splitters = defaultdict(RecordSplitter)

    def add(self, subscription: Subscription, history: History) -> None:
        """Add a subscriber, which first receives the history."""
        delivery = Delivery(subscription, self._connect, partial(_dropped, subscription))
        splitters: _Splitters = defaultdict(RecordSplitter)
        for each in history:
            self._send(_split(each, splitters), [delivery])
        if history.dropped_bytes:
            event = _logs_dropped(history.dropped_records, history.dropped_bytes)
            self._send(event, [delivery])
        if not self._deliveries:
            self._splitters = splitters  # with the unfinished lines
        self._deliveries.append(delivery)

    def publish(self, event: PlatformEvent | OutputPiece) -> None:
        """Pass an event or output on."""
        if isinstance(event, PlatformEvent) and event.type == "platform.runtimeDone":
            # The runtime has written all output of its invocation.
            self.publish(OutputPiece(iso_time(event.time), None, None))
        self._send(_split(event, self._splitters), self._deliveries)

    def hasten(self) -> None:
        """Send what waits without waiting for more."""
        for delivery in self._deliveries:
            delivery.hasten()

    async def flush(self, seconds: float) -> None:
        """Send what waits, and wait for its arrival."""
        flushes = [asyncio.create_task(each.flush()) for each in self._deliveries]
        _, late = await asyncio.wait(flushes, timeout=seconds)
        for each in late:
            each.cancel()

    async def close(self) -> None:
        await asyncio.gather(*(each.close() for each in self._deliveries))

    def _send(self, event: PlatformEvent | _Records, deliveries: Iterable[Delivery]) -> None:
        encoded: dict[object, EncodedEvents | None] = {}
        for delivery in deliveries:
            subscription = delivery.subscription
            if event.type.partition(".")[0] not in subscription.streams:
                continue
            key = (subscription.api, subscription.schema_version)
            if key not in encoded:
                encoded[key] = self._encode(event, subscription)
            if events := encoded[key]:
                delivery.add(events)

    def _encode(
        self, event: PlatformEvent | _Records, subscription: Subscription
    ) -> EncodedEvents | None:
        if isinstance(event, PlatformEvent):
            return encode_events(_as_subscribed(event, subscription))
        return encode_records(*event, as_objects=self._sends_objects(subscription))

    def _sends_objects(self, subscription: Subscription) -> bool:
        return self._reads_objects and subscription.schema_version not in _STRING_SCHEMAS


def _split(event: PlatformEvent | OutputPiece, splitters: _Splitters) -> PlatformEvent | _Records:
    if isinstance(event, PlatformEvent):
        return event
    splitter = splitters[event.extension]
    records = splitter.end() if event.output is None else splitter.split(event.output)
    return _Records(event.time, "extension" if event.extension else "function", records)


def _as_subscribed(
    event: PlatformEvent, subscription: Subscription
) -> Iterable[PlatformEvent | LogsEvent]:
    """Return what a subscriber's API says about an event."""
    if subscription.api == "logs":
        return logs_api_events(event, cast("LogsSchema", subscription.schema_version))
    return () if event.type in _LOGS_API_ONLY else (event,)


def _dropped(subscription: Subscription, records: int, size: int) -> EncodedEvents | None:
    if "platform" not in subscription.streams:
        return None
    return encode_events([_logs_dropped(records, size)])


def _logs_dropped(records: int, size: int) -> PlatformEvent:
    return logs_dropped(
        at=datetime.now(UTC), dropped_bytes=size, dropped_records=records, reason=_TOO_SLOW
    )
