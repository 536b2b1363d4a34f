"""The telemetry of one execution environment: its events, and who receives them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

from samlocal.execution.platform_events import (
    iso_time,
    logs_subscription,
    telemetry_subscription,
)
from samlocal.execution.telemetry.history import History, OutputPiece

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

    from samlocal.execution.platform_events import PlatformEvent
    from samlocal.execution.telemetry.subscribers import Subscribers
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.runtime_api.subscriptions import Subscription
    from samlocal.sandbox.output import Log


class Telemetry:
    """Passes the events of an environment to its subscribers, in the order of the calls.

    Extensions subscribe from the beginning of Init until `close_subscriptions`, at its end. A subscriber also
    receives what was published before. Without a subscriber, nothing is kept or read from then on.

    A subscription belongs to the life of its extension. When the processes of the environment end and
    others are started, `reset` ends all subscriptions, and extensions subscribe again.

    `connect` connects to a port in the sandbox. It is called in threads and raises `OSError` or
    `SamlocalError`. `subscribed` gets the event about each new subscription, for the log.
    """

    def __init__(
        self,
        configuration: FunctionConfiguration,
        connect: Callable[[int], socket],
        *,
        subscribed: Callable[[PlatformEvent], None] | None = None,
    ) -> None:
        self._reads_objects = configuration.log_format == "JSON"
        self._connect = connect
        self._subscribed = subscribed
        self._lock = Lock()
        self._subscribers: Subscribers | None = None
        self._history: History | None = History()

    @property
    def is_open(self) -> bool:
        """Whether extensions may subscribe."""
        return self._history is not None

    @property
    def is_active(self) -> bool:
        """Whether somebody receives what is published, or may subscribe yet."""
        return self._history is not None or self._subscribers is not None

    def publish(self, event: PlatformEvent) -> None:
        """Pass on an event of the platform, from any thread; never wait for a subscriber."""
        if self.is_active:
            self._pass_on(event)

    def log(self, log: Log, *, extension: str | None = None) -> Log:
        """Return a log that also passes on what is written to it: output of the function, or of an extension.

        The output of one process may be written to consecutive logs.
        """
        return _TelemetryLog(log, self, extension) if self.is_active else log

    def end_output(self, extension: str | None = None) -> None:
        """Pass on an unfinished line, and send what waits: a process has closed its output."""
        if self.is_active:
            self.write(None, extension)
            if subscribers := self._subscribers:
                subscribers.hasten()

    def write(self, output: bytes | None, extension: str | None) -> None:
        """Pass on output of the function or an extension, from any thread; None is its end."""
        self._pass_on(OutputPiece(iso_time(datetime.now(UTC)), extension, output))

    def subscribe(self, subscription: Subscription) -> None:
        """Add a subscriber, in the loop that sends to it; an event tells about it."""
        create = telemetry_subscription if subscription.api == "telemetry" else logs_subscription
        event = create(subscription.extension, at=datetime.now(UTC), types=subscription.streams)
        with self._lock:
            if self._subscribers is None:
                from samlocal.execution.telemetry.subscribers import Subscribers  # noqa: PLC0415  # most functions have no subscriber

                self._subscribers = Subscribers(self._connect, reads_objects=self._reads_objects)
            self._subscribers.add(subscription, self._history or History())
        self.publish(event)
        if self._subscribed:
            self._subscribed(event)

    def close_subscriptions(self) -> None:
        """Accept no more subscriptions: Init has ended."""
        with self._lock:
            self._history = None

    async def flush(self, deadline: float) -> None:
        """Send all that has been published, and wait for its arrival, until `deadline` at the latest.

        `deadline` is in `time.monotonic()` seconds.
        """
        if self._subscribers:
            await self._subscribers.flush(max(0.0, deadline - time.monotonic()))

    async def reset(self) -> None:
        """End all subscriptions, and accept new ones: the processes have ended, and others will start.

        Publish and flush what belongs to their life before.
        """
        await self._end(History())

    async def close(self) -> None:
        """End all deliveries; what has not been sent is lost."""
        await self._end(None)

    async def _end(self, history: History | None) -> None:
        with self._lock:
            subscribers, self._subscribers = self._subscribers, None
            self._history = history
        if subscribers:
            await subscribers.close()

    def _pass_on(self, event: PlatformEvent | OutputPiece) -> None:
        with self._lock:
            if self._history is not None:
                self._history.add(event)
            if self._subscribers:
                self._subscribers.publish(event)


class _TelemetryLog:
    """A log whose output is telemetry too."""

    def __init__(self, log: Log, telemetry: Telemetry, extension: str | None) -> None:
        self._log = log
        self._telemetry = telemetry
        self._extension = extension

    def write(self, output: bytes) -> None:
        if self._telemetry.is_active:
            self._telemetry.write(output, self._extension)
        self._log.write(output)

    def line(self, text: str) -> None:
        self._log.line(text)
