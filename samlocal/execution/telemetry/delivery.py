"""The delivery of events to one subscriber."""

from __future__ import annotations

import asyncio
import logging
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from samlocal.execution.telemetry.buffer import EventBuffer
from samlocal.execution.telemetry.senders import DeliveryError, RefusedError, sender_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from socket import socket

    from samlocal.execution.telemetry.encoding import EncodedEvents
    from samlocal.runtime_api.subscriptions import Subscription

_log = logging.getLogger(__name__)

# An attempt after which a subscriber counts as hanging.
_ATTEMPT_SECONDS: Final = 30.0
_FIRST_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 5.0
# A batch that is refused this often is dropped: its subscriber cannot read it. That is after about 15 seconds.
_MAX_REFUSALS: Final = 10


class Delivery:
    """Sends events to one subscriber in their order, each at least once, in batches.

    A batch that fails is sent again after a pause that grows. Meanwhile later events wait, until they are
    too many; see `EventBuffer`. The caller owns the running loop and closes the delivery.
    """

    def __init__(
        self,
        subscription: Subscription,
        connect: Callable[[int], socket],
        dropped: Callable[[int, int], EncodedEvents | None],
    ) -> None:
        self.subscription = subscription
        self._sender = sender_for(subscription, connect)
        self._buffer = EventBuffer(subscription, dropped)
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._hurry = asyncio.Event()
        self._done = 0  # events that were delivered or dropped
        self._flushes: list[tuple[int, asyncio.Future[None]]] = []
        self._task = self._loop.create_task(self._run())

    def add(self, events: EncodedEvents) -> None:
        """Add events, from any thread; never wait."""
        if self._buffer.add(events):
            self._notify(self._changed.set)

    def hasten(self) -> None:
        """Send what has been added without waiting for a whole batch, from any thread."""
        self._buffer.hasten()
        self._notify(self._changed.set)

    async def flush(self) -> None:
        """Send all that has been added, and wait until it is delivered or dropped."""
        goal = self._buffer.hasten()
        self._changed.set()
        self._hurry.set()
        if self._done < goal:
            delivered = self._loop.create_future()
            self._flushes.append((goal, delivered))
            await delivered

    async def close(self) -> None:
        """End the delivery; what has not been sent is lost."""
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._sender.close()

    def _notify(self, callback: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended: nothing is sent any more
            self._loop.call_soon_threadsafe(callback)

    async def _run(self) -> None:
        while True:
            await self._wait_for_batch()
            batch = self._buffer.take()
            await self._deliver(batch)
            self._done += batch.number
            for goal, delivered in self._flushes:
                if self._done >= goal and not delivered.done():
                    delivered.set_result(None)
            self._flushes = [each for each in self._flushes if not each[1].done()]

    async def _wait_for_batch(self) -> None:
        while True:
            self._changed.clear()
            seconds = self._buffer.seconds_until_due()
            if seconds <= 0:
                return
            await _wait(self._changed, seconds)

    async def _deliver(self, batch: EncodedEvents) -> None:
        refusals = 0
        for pause in _pauses():
            self._hurry.clear()
            try:
                async with asyncio.timeout(_ATTEMPT_SECONDS):
                    await self._sender.send(batch.data)
            except (DeliveryError, TimeoutError) as error:
                refusals += isinstance(error, RefusedError)
                _log.debug(
                    "telemetry for extension `%s` failed: %s",
                    self.subscription.extension,
                    str(error) or "no answer",
                )
            else:
                return
            if refusals == _MAX_REFUSALS:
                self._buffer.drop(batch)
                return
            await _wait(self._hurry, pause)


def _pauses() -> Iterator[float]:
    pause = _FIRST_PAUSE_SECONDS
    while True:
        yield pause
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds if seconds < math.inf else None):
            await event.wait()
