"""Subscribers that are slow, gone, hanging or broken: nothing waits for them, and nothing is lost in silence."""

from __future__ import annotations

import asyncio
import math
import socket
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import SandboxError
from samlocal.execution.telemetry import delivery
from samlocal.execution.telemetry.buffer import MAX_WAITING_BYTES
from samlocal.execution.telemetry.telemetry import Telemetry
from tests.free_ports import free_port
from tests.functional.execution.fakes import configuration
from tests.functional.execution.telemetry.published import (
    REPORT,
    START,
    connect,
    delivered,
    http,
    tcp,
    telemetry,
    write,
)
from tests.functional.execution.telemetry.subscriber import (
    Batch,
    Gate,
    HttpSubscriber,
    TcpSubscriber,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.runtime_api.subscriptions import Subscription


class Answers:
    """Answers batches with these in turn, then with success."""

    def __init__(self, *answers: int | None) -> None:
        self._answers = list(answers)

    def __call__(self, _batch: Batch) -> int | None:
        return self._answers.pop(0) if self._answers else 200


async def publish_numbers(published: Telemetry, *numbers: int) -> None:
    """Publish each number as a batch of its own, if the subscriber is there."""
    for number in numbers:
        write(published, b"%d\n" % number)
        await asyncio.sleep(0.03)


@pytest.mark.parametrize("refusal", [500, 400, 503, None], ids=["500", "400", "503", "hangs up"])
async def test_refused_batch_is_sent_again(refusal: int | None) -> None:
    """After an error, the same batch comes again, and before all later events."""
    with HttpSubscriber(answer=Answers(refusal, refusal, refusal)) as subscriber:
        async with telemetry() as published:
            published.subscribe(http(subscriber.port, "function"))
            await publish_numbers(published, 1, 2, 3)
            await delivered(published)
    assert subscriber.records == ["1", "2", "3"]
    assert len({each.body for each in subscriber.batches[:4]}) == 1


async def test_subscriber_that_listens_late_gets_everything() -> None:
    """An extension may subscribe before it listens; events wait for it, in order."""
    port = free_port()
    async with telemetry() as published:
        published.subscribe(http(port, "function"))
        await publish_numbers(published, 1, 2, 3)
        with HttpSubscriber(port=port) as subscriber:
            await delivered(published)
    assert subscriber.records == ["1", "2", "3"]


async def test_subscriber_that_restarts_gets_everything() -> None:
    """A subscriber that is gone for a moment loses nothing."""
    async with telemetry() as published:
        with HttpSubscriber() as before:
            published.subscribe(http(before.port, "function"))
            await publish_numbers(published, 1)
            await delivered(published)
        await publish_numbers(published, 2, 3)
        with HttpSubscriber(port=before.port) as after:
            await delivered(published)
    assert [*before.records, *after.records] == ["1", "2", "3"]


@pytest.mark.parametrize("keeps_connections", [True, False])
async def test_connection_is_kept_if_the_subscriber_keeps_it(keeps_connections: bool) -> None:  # noqa: FBT001  # a parameter
    """Batches come on one connection, or on one each from a server that closes them."""
    with HttpSubscriber(keeps_connections=keeps_connections) as subscriber:
        async with telemetry() as published:
            published.subscribe(http(subscriber.port, "function"))
            for number in range(3):
                write(published, b"%d\n" % number)
                await delivered(published)
    assert subscriber.records == ["0", "1", "2"]
    assert len({each.connection for each in subscriber.batches}) == (1 if keeps_connections else 3)


async def test_hanging_subscriber_holds_nobody() -> None:
    """A flush ends at its deadline, and others get their events meanwhile."""
    gate = Gate()
    with HttpSubscriber(answer=gate) as hanging, HttpSubscriber() as subscriber:
        async with telemetry() as published:
            published.subscribe(http(hanging.port, "function", extension="hanging"))
            published.subscribe(http(subscriber.port, "function"))
            await publish_numbers(published, 1, 2)
            async with asyncio.timeout(10):
                await published.flush(time.monotonic() + 0.05)
            assert subscriber.records == ["1", "2"]
            assert hanging.records == []
            gate.opened.set()
            await delivered(published)
            assert hanging.records == ["1", "2"]


@pytest.mark.parametrize("protocol", ["HTTP", "TCP"])
async def test_subscriber_that_never_reads_holds_nobody(protocol: str) -> None:
    """A process that only accepts connections fills no memory, and does not delay the end."""
    with TcpSubscriber(ignores=True) as deaf:
        async with telemetry() as published:
            subscribe = http if protocol == "HTTP" else tcp
            published.subscribe(subscribe(deaf.port, "function"))
            line = b"x" * 1023 + b"\n"
            for _ in range(2 * MAX_WAITING_BYTES // len(line)):
                write(published, line)
            await asyncio.to_thread(deaf.wait, lambda it: bool(it.connections))
            await published.flush(time.monotonic() + 0.05)


async def test_slow_subscriber_learns_what_is_lost() -> None:
    """Events beyond the memory are dropped: an event counts them, and what arrives is in order."""
    gate = Gate()
    sent = 600_000
    with HttpSubscriber(answer=gate) as subscriber:
        async with telemetry() as published:
            published.subscribe(http(subscriber.port, "function", "platform"))
            for start in range(0, sent, 100):
                write(
                    published, b"".join(b"line %d\n" % each for each in range(start, start + 100))
                )
            gate.opened.set()
            await delivered(published)
            write(published, b"later\n")
            await delivered(published)
    numbers = [int(str(each).split()[1]) for each in subscriber.records[:-1]]
    assert subscriber.records[-1] == "later"
    assert numbers == list(range(len(numbers)))
    [dropped] = [each["record"] for each in subscriber.events if "Dropped" in each["type"]]
    assert dropped["droppedRecords"] == sent - len(numbers)
    assert 50 < dropped["droppedBytes"] / dropped["droppedRecords"] < 100
    assert set(dropped) == {"droppedBytes", "droppedRecords", "reason"}
    assert subscriber.types[-2:] == ["platform.logsDropped", "function"]


async def test_batch_that_is_always_refused_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A subscriber that cannot read one event does not lose all later ones."""
    monkeypatch.setattr(delivery, "_LONGEST_PAUSE_SECONDS", 0.01)

    def refuse_poison(batch: Batch) -> int:
        return 400 if "poison" in str(batch.events) else 200

    with HttpSubscriber(answer=refuse_poison) as subscriber:
        async with telemetry() as published:
            published.subscribe(http(subscriber.port, "function", "platform"))
            await delivered(published)
            write(published, b"poison\n")
            await asyncio.to_thread(subscriber.wait, lambda it: len(it.batches) > 1)
            write(published, b"later\n")
            await delivered(published)
            await delivered(published)
    assert sorted(subscriber.types[1:]) == ["function", "platform.logsDropped"]
    assert subscriber.records == ["later"]


async def test_flush_does_not_wait_for_what_comes_later() -> None:
    """An extension that logs what it receives does not keep a flush from its end."""
    async with telemetry() as published:

        def log_more(_batch: Batch) -> int:
            write(published, b"received\n", extension="agent")
            return 200

        with HttpSubscriber(answer=log_more) as subscriber:
            published.subscribe(http(subscriber.port, "extension"))
            write(published, b"first\n", extension="agent")
            await delivered(published)
            assert subscriber.records[0] == "first"
            await published.close()


async def test_hurry_of_a_flush() -> None:
    """A flush tries again at once, where a pause after a failure would last seconds."""
    port = free_port()
    async with telemetry() as published:
        published.subscribe(http(port, "function"))
        write(published, b"late\n")
        for _ in range(10):
            await published.flush(time.monotonic() + 0.01)
        with HttpSubscriber(port=port) as subscriber:
            for _ in range(20):
                await published.flush(time.monotonic() + 0.05)
            assert subscriber.records == ["late"]


async def test_tcp_subscriber_gets_an_object_a_line() -> None:
    """Over TCP, each event is a line of JSON on one connection, whatever line feeds are in it."""
    with TcpSubscriber() as subscriber:
        async with telemetry() as published:
            published.subscribe(tcp(subscriber.port))
            published.publish(START)
            write(published, b"one\rtwo\n")
            await delivered(published)
            published.publish(REPORT)
            await delivered(published)
            await asyncio.to_thread(subscriber.wait, lambda it: len(it.events) == 4)
    assert [each["type"] for each in subscriber.events] == [
        "platform.telemetrySubscription",
        "platform.start",
        "function",
        "platform.report",
    ]
    assert subscriber.events[2]["record"] == "one\ntwo"
    assert len(subscriber.connections) == 1


async def test_tcp_connection_that_ends_is_opened_again() -> None:
    """A TCP subscriber that closes its connection gets the later events on another one."""
    with TcpSubscriber() as subscriber:
        async with telemetry() as published:
            published.subscribe(tcp(subscriber.port, "function"))
            write(published, b"1\n")
            await delivered(published)
            await asyncio.to_thread(subscriber.wait, lambda it: len(it.events) == 1)
            subscriber.connections[0].shutdown(socket.SHUT_RDWR)
            for number in (2, 3, 4):
                write(published, b"%d\n" % number)
                await delivered(published)
            await asyncio.to_thread(subscriber.wait, lambda it: len(it.connections) == 2)
            await asyncio.to_thread(
                subscriber.wait, lambda it: "4" in [each["record"] for each in it.events]
            )
    records = [each["record"] for each in subscriber.events]
    assert list(Counter(records)) == ["1", "2", "3", "4"]


async def test_sandbox_without_a_way_in() -> None:
    """Where the engine cannot connect, an invocation goes on without telemetry."""

    def fail(_port: int) -> socket.socket:
        raise SandboxError("the container has ended")

    published = Telemetry(configuration(), fail)
    published.subscribe(http(free_port()))
    await published.flush(time.monotonic() + 0.05)
    await published.close()


@pytest.mark.parametrize("subscribe", [http, tcp])
async def test_connection_that_ends_at_once(subscribe: Callable[[int], Subscription]) -> None:
    """A connection whose other side is gone is one that failed; the next one gets the events."""
    ends: list[socket.socket] = []

    def connect_in_vain(port: int) -> socket.socket:
        if len(ends) == 2:
            return connect(port)
        ours, theirs = socket.socketpair()
        theirs.close()
        ends.append(ours)
        return ours

    with HttpSubscriber() as by_http, TcpSubscriber() as by_tcp:
        subscriber = by_http if subscribe is http else by_tcp
        published = Telemetry(configuration(), connect_in_vain)
        published.subscribe(subscribe(subscriber.port))
        await delivered(published)
        await asyncio.to_thread(by_tcp.wait, lambda it: it.events or by_http.events)
        await published.close()
    assert [each["type"] for each in subscriber.events] == ["platform.telemetrySubscription"]
    assert [each.fileno() for each in ends] == [-1, -1]


@pytest.mark.parametrize("subscribe", [http, tcp])
async def test_end_in_the_middle_of_a_connection(
    subscribe: Callable[[int], Subscription],
) -> None:
    """Whenever telemetry ends, it leaves no connection open."""
    with TcpSubscriber() as subscriber:
        for moment in range(20):
            published = Telemetry(configuration(), connect)
            published.subscribe(subscribe(subscriber.port))
            published.end_output()
            await asyncio.sleep(moment / 2000)
            await published.close()


async def test_answer_that_is_not_http() -> None:
    """A subscriber that answers nonsense is one that failed: the batch comes again."""
    received = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received
        await reader.readuntil(b"]")
        received += 1
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" if received > 2 else b"no\r\n\r\n"
        )
        await writer.drain()
        writer.close()

    async with (
        await asyncio.start_server(answer, "127.0.0.1", 0) as server,
        telemetry() as published,
    ):
        published.subscribe(http(server.sockets[0].getsockname()[1], "platform"))
        await delivered(published)
    assert received == 3


async def test_flush_with_a_deadline_in_the_past() -> None:
    """A deadline that has passed sends, and does not wait."""
    with HttpSubscriber() as subscriber:
        async with telemetry() as published:
            published.subscribe(http(subscriber.port, "platform"))
            await published.flush(-math.inf)
            await delivered(published)
            assert subscriber.types == ["platform.telemetrySubscription"]
