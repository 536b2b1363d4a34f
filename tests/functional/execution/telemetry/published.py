"""Telemetry whose sandbox is this machine, subscriptions to it, and what is published."""

from __future__ import annotations

import asyncio
import math
import socket
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from samlocal.execution import platform_events
from samlocal.execution.telemetry.telemetry import Telemetry
from samlocal.invocation import Report
from samlocal.runtime_api.subscriptions import Buffering, Destination, Subscription
from tests.functional.execution.fakes import configuration, invocation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from samlocal.execution.platform_events import PlatformEvent
    from samlocal.runtime_api.subscriptions import Api, EventStream

AT = datetime(2026, 11, 26, 10, tzinfo=UTC)
INIT_START = platform_events.init_start(configuration(), at=AT)
START = platform_events.start(invocation(), at=AT)
RUNTIME_DONE = platform_events.runtime_done(invocation(), at=AT, duration_ms=1.5)
REPORT = platform_events.report(
    configuration(),
    invocation(),
    Report(request_id="id-1", duration_ms=2.5, memory_size_mb=128, max_memory_used_mb=64),
    at=AT,
)


class NoLog:
    """A log that nobody reads."""

    def write(self, output: bytes) -> None: ...

    def line(self, text: str) -> None: ...


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


@asynccontextmanager
async def telemetry(
    *,
    log_format: Literal["Text", "JSON"] = "Text",
    subscribed: Callable[[PlatformEvent], None] | None = None,
) -> AsyncIterator[Telemetry]:
    configured = replace(configuration(), log_format=log_format)
    opened = Telemetry(configured, connect, subscribed=subscribed)
    try:
        yield opened
    finally:
        await opened.close()


def http(
    port: int,
    *streams: EventStream,
    extension: str = "agent",
    api: Api = "telemetry",
    schema_version: str = "2022-12-13",
    buffering: Buffering = Buffering(timeout_ms=25),  # noqa: B008  # it is frozen
    method: str = "POST",
) -> Subscription:
    destination = Destination(
        protocol="HTTP", port=port, host="sandbox.localdomain", path="/events?a=b", method=method
    )
    return Subscription(
        extension=extension,
        api=api,
        schema_version=schema_version,
        streams=streams or ("platform", "function", "extension"),
        destination=destination,
        buffering=buffering,
    )


def tcp(port: int, *streams: EventStream) -> Subscription:
    return replace(http(port, *streams), destination=Destination(protocol="TCP", port=port))


def write(telemetry: Telemetry, output: bytes, *, extension: str | None = None) -> None:
    telemetry.log(NoLog(), extension=extension).write(output)


async def delivered(telemetry: Telemetry) -> None:
    """Wait until all that was published has arrived."""
    async with asyncio.timeout(20):
        await telemetry.flush(math.inf)
