"""Telemetry from what an environment publishes to what real subscribers receive."""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from samlocal.execution.telemetry.history import MAX_KEPT_BYTES
from samlocal.runtime_api.subscriptions import Buffering
from tests.functional.execution.fakes import RecordingLog
from tests.functional.execution.telemetry.published import (
    INIT_START,
    REPORT,
    RUNTIME_DONE,
    START,
    delivered,
    http,
    telemetry,
    write,
)
from tests.functional.execution.telemetry.subscriber import HttpSubscriber

if TYPE_CHECKING:
    from samlocal.execution.platform_events import PlatformEvent
    from samlocal.execution.telemetry.telemetry import Telemetry

PATIENT = Buffering(timeout_ms=30_000)


async def test_events_from_before_and_after_the_subscription_arrive_in_order() -> None:
    """A subscriber gets all since the beginning of Init, with an event about itself in between."""
    with HttpSubscriber() as subscriber:
        async with telemetry() as published:
            published.publish(INIT_START)
            write(published, b"importing\n")
            published.subscribe(http(subscriber.port))
            published.publish(START)
            write(published, b"working\n")
            published.publish(RUNTIME_DONE)
            published.publish(REPORT)
            await delivered(published)

    assert subscriber.types == [
        "platform.initStart",
        "function",
        "platform.telemetrySubscription",
        "platform.start",
        "function",
        "platform.runtimeDone",
        "platform.report",
    ]
    assert subscriber.events[0] == json.loads(INIT_START.as_json())
    assert subscriber.events[2]["record"] == {
        "name": "agent",
        "state": "Subscribed",
        "types": ["platform", "function", "extension"],
    }


async def test_log_event_has_the_documented_keys() -> None:
    """A line of a log is an event with its time in UTC and milliseconds, without the line feed."""
    with HttpSubscriber() as subscriber:
        async with telemetry() as published:
            published.subscribe(http(subscriber.port, "function"))
            write(published, b"Hello\n")
            await delivered(published)

    [event] = subscriber.events
    assert event == {"time": event["time"], "type": "function", "record": "Hello"}
    assert len(event["time"]) == len("2026-11-26T10:00:00.000Z")
    assert event["time"].endswith("Z")


async def test_request_is_the_subscriptions() -> None:
    """Events come as a JSON array to the path and host of the subscription."""
    with HttpSubscriber() as subscriber:
        async with telemetry() as published:
            published.subscribe(http(subscriber.port))
            await delivered(published)

    [batch] = subscriber.batches
    assert (batch.method, batch.path) == ("POST", "/events?a=b")
    assert batch.headers == {
        "host": f"sandbox.localdomain:{subscriber.port}",
        "content-type": "application/json",
        "content-length": str(len(batch.body)),
    }


async def test_each_subscriber_gets_its_streams_only() -> None:
    """Output of the function and of extensions are two streams, the platform's events a third."""
    with HttpSubscriber() as first, HttpSubscriber() as second:
        async with telemetry() as published:
            published.subscribe(http(first.port, "function", extension="first"))
            published.subscribe(http(second.port, "extension", "platform", extension="second"))
            published.publish(START)
            write(published, b"from the function\n")
            write(published, b"from an extension\n", extension="second")
            await delivered(published)

    assert first.records == ["from the function"]
    assert second.records == ["from an extension"]
    assert second.types == [
        "platform.telemetrySubscription",
        "platform.telemetrySubscription",
        "platform.start",
        "extension",
    ]


async def test_log_gets_what_is_written_to_it() -> None:
    """The telemetry of a log does not change the log."""
    log = RecordingLog()
    async with telemetry() as published:
        tee = published.log(log)
        tee.write(b"one\rtwo")
        tee.line("END")
        published.close_subscriptions()
        tee.write(b"three")
    assert log.entries == ["one\rtwo", "END", "three"]


async def test_nothing_is_read_without_a_subscriber() -> None:
    """Once Init has ended, a log is itself, and nothing is kept."""
    log = RecordingLog()
    async with telemetry() as published:
        write(published, b"importing\n")
        published.close_subscriptions()
        assert not published.is_open
        assert not published.is_active
        assert published.log(log) is log
        published.publish(START)
        published.end_output()
        await published.flush(math.inf)


async def test_subscriptions_go_on_after_init() -> None:
    """No more subscriptions are accepted, and the current ones receive what follows."""
    with HttpSubscriber() as subscriber:
        async with telemetry() as published:
            published.subscribe(http(subscriber.port, "function"))
            published.close_subscriptions()
            assert not published.is_open
            assert published.is_active
            write(published, b"working\n")
            await delivered(published)
    assert subscriber.records == ["working"]


async def test_pieces_of_output_are_put_together_to_lines() -> None:
    """A line may come in pieces, to several logs, with output of others in between."""
    with HttpSubscriber() as subscriber:
        async with telemetry() as published:
            write(published, b"o")
            published.subscribe(http(subscriber.port, "function", "extension"))
            write(published, b"ne\ntw")
            write(published, b"from an exten", extension="agent")
            write(published, "o\rand a h\u00e4lf".encode()[:-3])
            write(published, b"sion\n", extension="agent")
            write(published, b"\xa4lf\n\xff\n")
            await delivered(published)
    assert subscriber.records == ["one", "from an extension", "two\nand a h\u00e4lf", "\ufffd"]


async def test_unfinished_line_comes_with_the_end_of_the_invocation() -> None:
    """What a function wrote without a line feed is before `platform.runtimeDone`."""
    with HttpSubscriber() as subscriber:
        async with telemetry() as published:
            published.subscribe(http(subscriber.port, "function", "platform"))
            write(published, b"50 %")
            published.publish(RUNTIME_DONE)
            await delivered(published)
    assert subscriber.types[1:] == ["function", "platform.runtimeDone"]
    assert subscriber.records == ["50 %"]


async def test_end_of_a_stream_sends_what_waits() -> None:
    """A batch goes out when a process has closed its output, with its unfinished line."""
    with HttpSubscriber() as subscriber:
        async with telemetry() as published:
            published.subscribe(http(subscriber.port, "extension", buffering=PATIENT))
            write(published, b"bye\nand", extension="agent")
            published.end_output("agent")
            await asyncio.to_thread(subscriber.wait, lambda it: it.records == ["bye", "and"])


async def test_lines_are_objects_where_the_log_format_is_json() -> None:
    """A line that is a JSON object is one in the event, in the newer schemas; others are strings."""
    lines = ['{"level":"INFO","n":1.5}', "[1]", "{broken", '{"n":NaN}', '{"s":"\\ud800"}', "text"]
    with HttpSubscriber() as newer, HttpSubscriber() as older:
        async with telemetry(log_format="JSON") as published:
            published.subscribe(http(newer.port, "function", extension="newer"))
            published.subscribe(
                http(older.port, "function", extension="older", schema_version="2022-07-01")
            )
            write(published, "\n".join([*lines, ""]).encode())
            await delivered(published)
    assert newer.records == [json.loads(lines[0]), *lines[1:]]
    assert older.records == lines


async def test_lines_are_strings_where_the_log_format_is_text() -> None:
    """Without JSON as the log format, a line with an object stays a string."""
    with HttpSubscriber() as subscriber:
        async with telemetry() as published:
            published.subscribe(http(subscriber.port, "function"))
            write(published, b'{"level":"INFO"}\n')
            await delivered(published)
    assert subscriber.records == ['{"level":"INFO"}']


async def test_subscribers_of_the_logs_api_get_its_events() -> None:
    """The Logs API has other events: no Init, `platform.end`, its own about the subscription."""
    with HttpSubscriber() as old, HttpSubscriber() as new:
        async with telemetry() as published:
            published.publish(INIT_START)
            older = http(old.port, api="logs", schema_version="2020-08-15", method="PUT")
            published.subscribe(older)
            published.subscribe(http(new.port, "platform", extension="new"))
            for event in (START, RUNTIME_DONE, REPORT):
                published.publish(event)
            await delivered(published)
    assert {each.method for each in old.batches} == {"PUT"}
    assert old.types == [
        "platform.logsSubscription",
        "platform.start",
        "platform.end",
        "platform.report",
    ]
    assert new.types == [
        "platform.initStart",
        "platform.telemetrySubscription",
        "platform.start",
        "platform.runtimeDone",
        "platform.report",
    ]


async def test_subscription_is_announced() -> None:
    """Whoever shows the log learns of each subscription."""
    announced: list[PlatformEvent] = []
    with HttpSubscriber() as subscriber:
        async with telemetry(subscribed=announced.append) as published:
            published.subscribe(http(subscriber.port, "function", "platform"))
            published.subscribe(http(subscriber.port, "function", extension="other", api="logs"))
    assert [each.type for each in announced] == [
        "platform.telemetrySubscription",
        "platform.logsSubscription",
    ]
    assert announced[0].record["types"] == ["function", "platform"]


async def test_history_of_init_is_bounded() -> None:
    """Of an Init that writes much, a subscriber gets the beginning, and learns that the rest is lost."""
    line = b"x" * 1023 + b"\n"
    with HttpSubscriber() as subscriber:
        async with telemetry() as published:
            for _ in range(MAX_KEPT_BYTES // len(line) + 3):
                write(published, line)
            published.subscribe(http(subscriber.port, "function", "platform"))
            write(published, b"later\n")
            await delivered(published)
    assert len(subscriber.records) == MAX_KEPT_BYTES // len(line) + 1
    assert subscriber.types[-3:] == [
        "platform.logsDropped",
        "platform.telemetrySubscription",
        "function",
    ]
    record = subscriber.events[-3]["record"]
    assert (record["droppedRecords"], record["droppedBytes"]) == (3, 3 * len(line))


async def test_reset_ends_subscriptions() -> None:
    """After a reset, extensions subscribe again, and get what was published since."""
    with HttpSubscriber() as before, HttpSubscriber() as after:
        async with telemetry() as published:
            published.subscribe(http(before.port, "platform"))
            published.close_subscriptions()
            await delivered(published)
            await published.reset()
            assert published.is_open
            published.publish(INIT_START)
            published.subscribe(http(after.port, "platform"))
            await delivered(published)
    assert before.types == ["platform.telemetrySubscription"]
    assert after.types == ["platform.initStart", "platform.telemetrySubscription"]


async def test_order_of_each_thread_is_kept() -> None:
    """Several processes may write at once, each in a thread of its own."""

    def write_lines(published: Telemetry, extension: str | None) -> None:
        for number in range(2000):
            write(published, f"{extension} {number}\n".encode(), extension=extension)

    with HttpSubscriber() as subscriber:
        async with telemetry() as published:
            published.subscribe(http(subscriber.port, "function", "extension"))
            writers = [Thread(target=write_lines, args=(published, e)) for e in (None, "a", "b")]
            for writer in writers:
                writer.start()
            for writer in writers:
                await asyncio.to_thread(writer.join)
            await delivered(published)
    for extension in (None, "a", "b"):
        lines = [each for each in subscriber.records if str(each).startswith(f"{extension} ")]
        assert lines == [f"{extension} {number}" for number in range(2000)]


@pytest.mark.parametrize("piece_bytes", [1000, 65536], ids=["small pieces", "large pieces"])
async def test_100_000_lines_arrive_in_order(piece_bytes: int) -> None:
    """A subscriber that keeps up loses nothing."""
    lines = [f"line {number}" for number in range(100_000)]
    output = "\n".join([*lines, ""]).encode()
    with HttpSubscriber() as subscriber:
        async with telemetry() as published:
            published.subscribe(http(subscriber.port, "function"))
            await asyncio.to_thread(_write_in_pieces, published, output, piece_bytes)
            await delivered(published)
    assert subscriber.records == lines
    assert len(subscriber.batches) < 1000


def _write_in_pieces(published: Telemetry, output: bytes, piece_bytes: int) -> None:
    for start in range(0, len(output), piece_bytes):
        write(published, output[start : start + piece_bytes])


async def test_batches_keep_to_the_number_of_events() -> None:
    """A batch goes out as soon as it has `maxItems` events, and has no more of them."""
    buffering = replace(PATIENT, max_items=1000)
    with HttpSubscriber() as subscriber:
        async with telemetry() as published:
            published.subscribe(http(subscriber.port, "function", buffering=buffering))
            write(published, b"".join(b"%d\n" % number for number in range(2500)))
            await asyncio.to_thread(subscriber.wait, lambda it: len(it.records) >= 2000)
            assert [len(each.events) for each in subscriber.batches] == [1000, 1000]
            await delivered(published)
    assert subscriber.records == [str(number) for number in range(2500)]


async def test_batches_keep_to_the_number_of_bytes() -> None:
    """A batch goes out as soon as it has `maxBytes` bytes: with its last event, it is a bit larger."""
    buffering = replace(PATIENT, max_bytes=262_144)
    with HttpSubscriber() as subscriber:
        async with telemetry() as published:
            published.subscribe(http(subscriber.port, "function", buffering=buffering))
            for number in range(600):
                write(published, b"%d %s\n" % (number, b"x" * 1000))
            await asyncio.to_thread(subscriber.wait, lambda it: len(it.batches) == 2)
            await delivered(published)
    assert len(subscriber.records) == 600
    assert all(len(each.body) <= 262_144 + 1100 for each in subscriber.batches)


async def test_batch_goes_out_after_its_time() -> None:
    """An event waits at most `timeoutMs` for others."""
    with HttpSubscriber() as subscriber:
        async with telemetry() as published:
            published.subscribe(
                http(subscriber.port, "function", buffering=Buffering(timeout_ms=25))
            )
            write(published, b"alone\n")
            await asyncio.to_thread(subscriber.wait, lambda it: it.records == ["alone"])
