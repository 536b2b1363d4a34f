"""When an event is tried again, and when it is given up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import EngineNotReachableError, FunctionNotFoundError, ThrottledError
from samlocal.function import EventInvokeConfig
from tests.functional.lambda_api.asynchronous.fakes import (
    failed,
    function,
    returned,
    settle,
    throttle,
)

if TYPE_CHECKING:
    from tests.functional.lambda_api.asynchronous.conftest import Open

HOUR = 3600.0
F = function("F")
G = function("G")


async def test_an_event_runs_once(open_queue: Open) -> None:
    """A function that succeeds gets the event, and nobody hears of its response."""
    async with open_queue(F) as queue:
        request_id = await queue.invoke(F, b"[1]", qualifier="live", trace_id="Root=1")
        assert queue.functions.runs == []
        await queue.clock.advance(HOUR)
        ((_, call),) = queue.functions.runs
    assert (call.payload, call.qualifier, call.trace_id) == (b"[1]", "live", "Root=1")
    assert call.request_id == request_id
    assert queue.reported == []


async def test_a_function_error_is_tried_again_twice(open_queue: Open) -> None:
    """The function runs again after one minute and two more, with the same request ID."""
    async with open_queue(F) as queue:
        queue.functions.ends("F", failed())
        request_id = await queue.invoke(F)
        await queue.clock.advance(HOUR)
    assert queue.functions.times("F") == [0, 60, 180]
    assert {call.request_id for _, call in queue.functions.runs} == {request_id}
    event = f"asynchronous invocation {request_id} of `F`"
    assert queue.reported == [
        f"{event}: attempt 1 failed (Oops: boom); the next one is in 60 s",
        f"{event}: attempt 2 failed (Oops: boom); the next one is in 120 s",
        f"{event} failed after it ran 3 times (RetriesExhausted): Oops: boom",
    ]


async def test_a_later_attempt_may_succeed(open_queue: Open) -> None:
    """The event is done with the first attempt that succeeds."""
    async with open_queue(F) as queue:
        queue.functions.ends("F", failed(), returned())
        await queue.invoke(F)
        await queue.clock.advance(HOUR)
    assert queue.functions.times("F") == [0, 60]


@pytest.mark.parametrize(
    ("qualifier", "times"),
    [
        pytest.param(None, [0, 60], id="none"),
        pytest.param("$LATEST", [0, 60], id="latest"),
        pytest.param("live", [0], id="alias"),
        pytest.param("1", [0, 60, 180], id="version without a configuration"),
    ],
)
async def test_the_qualifier_chooses_the_configuration(
    open_queue: Open, qualifier: str | None, times: list[float]
) -> None:
    """The configuration of the version or alias that was invoked counts."""
    configs = {
        "$LATEST": EventInvokeConfig(max_retries=1),
        "live": EventInvokeConfig(max_retries=0),
    }
    configured = function("F", configs=configs)
    async with open_queue(configured) as queue:
        queue.functions.ends("F", failed())
        await queue.invoke(configured, qualifier=qualifier)
        await queue.clock.advance(HOUR)
        assert queue.functions.times("F") == times


@pytest.mark.parametrize(
    ("age", "times", "ran"),
    [(60, [0], "once"), (150, [0, 60], "2 times"), (181, [0, 60, 180], "3 times")],
)
async def test_an_event_that_would_be_too_old_is_given_up(
    open_queue: Open, age: int, times: list[float], ran: str
) -> None:
    """There is no attempt after the age; Lambda gives the event up as soon as that is certain."""
    young = function("F", EventInvokeConfig(max_age_seconds=age))
    async with open_queue(young) as queue:
        queue.functions.ends("F", failed())
        await queue.invoke(young)
        await queue.clock.advance(times[-1] + 1)
        assert queue.functions.times("F") == times
        condition = "EventAgeExceeded" if len(times) < 3 else "RetriesExhausted"
        assert queue.reported[-1].endswith(f"failed after it ran {ran} ({condition}): Oops: boom")


async def test_a_throttled_event_waits_longer_each_time(open_queue: Open) -> None:
    """It is tried until it is too old, 1 s after the first attempt, and 5 min in the end."""
    old = function("F", EventInvokeConfig(max_age_seconds=1000))
    async with open_queue(old) as queue:
        queue.functions.ends("F", throttle())
        await queue.invoke(old)
        await queue.clock.advance(999)
        assert queue.functions.times("F") == [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811]
        assert queue.reported == []
        await queue.clock.advance(1)
        (line,) = queue.reported
    assert line.endswith("failed without a run (EventAgeExceeded): Rate Exceeded.")


async def test_throttles_do_not_count_as_attempts(open_queue: Open) -> None:
    """A function that was throttled has its retries yet, and the back-off begins again."""
    async with open_queue(F) as queue:
        queue.functions.ends("F", throttle(), throttle(), failed(), throttle(), failed())
        await queue.invoke(F)
        await queue.clock.advance(HOUR)
    assert queue.functions.times("F") == [0, 1, 3, 63, 64, 184]


async def test_a_system_error_is_reported_and_tried_again(open_queue: Open) -> None:
    """The engine may come back."""
    async with open_queue(F) as queue:
        queue.functions.ends("F", EngineNotReachableError("no engine", hint="start it"), returned())
        request_id = await queue.invoke(F)
        await queue.clock.advance(HOUR)
    assert queue.functions.times("F") == [0, 1]
    (line,) = queue.reported
    assert line == (
        f"asynchronous invocation {request_id} of `F` cannot run: no engine (start it);"
        " the next attempt is in 1 s"
    )


async def test_a_function_that_is_gone_is_not_tried_again(open_queue: Open) -> None:
    """A function may leave the template while its event waits."""
    async with open_queue(F) as queue:
        queue.functions.ends("F", FunctionNotFoundError("no function `F`"))
        await queue.invoke(F)
        await queue.clock.advance(HOUR)
    assert queue.functions.times("F") == [0]
    assert queue.reported[0].endswith("(RetriesExhausted): no function `F`")


async def test_a_fault_of_samlocal_loses_one_event_only(
    open_queue: Open, caplog: pytest.LogCaptureFixture
) -> None:
    """The queue goes on; the log has the traceback."""
    async with open_queue(F) as queue:
        queue.functions.ends("F", RuntimeError("bug"), returned())
        lost = await queue.invoke(F)
        await queue.clock.advance(1)
        await queue.invoke(F)
        await queue.clock.advance(1)
        assert len(queue.functions.runs) == 2
    assert queue.reported == [f"asynchronous invocation {lost} of `F` is lost: samlocal failed"]
    assert "RuntimeError: bug" in caplog.text


async def test_zero_reserved_concurrency(open_queue: Open) -> None:
    """A function that reserves nothing does not run."""
    stopped = function("F", reserved_concurrency=0)
    async with open_queue(stopped) as queue:
        await queue.invoke(stopped)
        await queue.clock.advance(HOUR)
    assert queue.functions.runs == []
    (line,) = queue.reported
    assert "failed without a run (ZeroReservedConcurrency)" in line


async def test_events_run_in_order_and_no_more_than_reserved(open_queue: Open) -> None:
    """A busy function holds up its own events only."""
    single = function("F", reserved_concurrency=1)
    async with open_queue(single, G) as queue:
        queue.functions.gate.clear()
        for number in range(5):
            await queue.invoke(single, b"%d" % number)
        await queue.invoke(G)
        await settle()
        assert [call.function for call in queue.functions.running] == ["Stack/F", "Stack/G"]
        queue.functions.gate.set()
        await queue.clock.advance(1)
    assert queue.functions.payloads("F") == [b"0", b"1", b"2", b"3", b"4"]


async def test_a_throttled_function_pauses(open_queue: Open) -> None:
    """The other events of a function that has no room wait a second, instead of failing one by one."""
    single = function("F", reserved_concurrency=1)
    async with open_queue(single) as queue:
        queue.functions.ends("F", throttle(), returned())
        for number in range(3):
            await queue.invoke(single, b"%d" % number)
        await queue.clock.advance(HOUR)
    assert queue.functions.payloads("F") == [b"0", b"1", b"2", b"0"]
    assert queue.functions.times("F")[0] == 0
    assert min(queue.functions.times("F")[1:]) == 1


async def test_the_end_of_a_paused_function(open_queue: Open) -> None:
    """A pause ends with the queue, and the events behind it are reported."""
    single = function("F", reserved_concurrency=1)
    async with open_queue(single) as queue:
        queue.functions.ends("F", throttle())
        throttled, waiting = await queue.invoke(single), await queue.invoke(single)
        await settle()
        assert queue.clock.timers == 2
    assert queue.reported == [
        f"asynchronous invocation {throttled} of `F` is lost: it waits for attempt 1",
        f"asynchronous invocation {waiting} of `F` is lost: it waits in the queue",
    ]


async def test_a_throttle_at_the_end(open_queue: Open) -> None:
    """What is throttled while the queue ends does not come back."""
    async with open_queue(F) as queue:
        queue.functions.ends("F", throttle())
        queue.functions.gate.clear()
        throttled = await queue.invoke(F)
        await settle()
        closing = asyncio.create_task(queue.events.close(60))
        await settle()
        queue.functions.gate.set()
        await closing
        assert queue.clock.timers == 0
    assert queue.reported == [
        f"asynchronous invocation {throttled} of `F` is lost: it waits for attempt 1"
    ]


async def test_events_wait_for_their_own_time(open_queue: Open) -> None:
    """An event that waits for a second does not wait for one that waits for a minute."""
    async with open_queue(F, G) as queue:
        queue.functions.ends("F", failed())
        queue.functions.ends("G", throttle(), returned())
        await queue.invoke(F)
        await queue.clock.advance(5)
        await queue.invoke(G)
        await queue.clock.advance(HOUR)
    assert queue.functions.times("G") == [5, 6]
    assert queue.functions.times("F") == [0, 60, 180]


async def test_many_events_are_few_tasks(open_queue: Open) -> None:
    """Thousands of events wait as data; a few at a time run."""
    async with open_queue(F) as queue:
        before = len(asyncio.all_tasks())
        for _ in range(5000):
            await queue.invoke(F)
        assert len(asyncio.all_tasks()) <= before + 10
        async with asyncio.timeout(60):
            while len(queue.functions.runs) < 5000:
                await settle()
    assert queue.functions.most_running == 10
    assert queue.reported == []


@pytest.mark.parametrize(
    ("max_events", "max_bytes"),
    [pytest.param(3, 1000, id="number"), pytest.param(100, 30, id="bytes")],
)
async def test_a_full_queue_refuses_events(
    open_queue: Open, max_events: int, max_bytes: int
) -> None:
    """Memory is bounded: Lambda's answer is 429, until there is room again."""
    async with open_queue(F, max_events=max_events, max_bytes=max_bytes) as queue:
        queue.functions.ends("F", failed(), returned())
        for _ in range(3):
            await queue.invoke(F, b"123456789.")
        with pytest.raises(ThrottledError, match="3 asynchronous invocations wait") as caught:
            await queue.invoke(F, b"123456789.")
        assert caught.value.reason == "CallerRateLimitExceeded"
        await queue.clock.advance(HOUR)
        await queue.invoke(F, b"123456789.")
        await queue.clock.advance(1)
        assert len(queue.functions.runs) == 5


async def test_the_end_reports_what_is_lost(open_queue: Open) -> None:
    """Whatever waits or runs at the end is named, and the queue takes nothing more."""
    single = function("F", reserved_concurrency=1)
    async with open_queue(single, G) as queue:
        queue.functions.ends("G", failed())
        retried = await queue.invoke(G)
        await queue.clock.advance(1)
        queue.functions.gate.clear()
        running = await queue.invoke(single)
        waiting = await queue.invoke(single)
        await settle()
        assert len(queue.functions.running) == 1
    lost = [line for line in queue.reported if "lost" in line]
    assert lost == [
        f"asynchronous invocation {retried} of `G` is lost: it waits for attempt 2",
        f"asynchronous invocation {running} of `F` is lost: it was running",
        f"asynchronous invocation {waiting} of `F` is lost: it waits in the queue",
    ]
    with pytest.raises(ThrottledError, match="the endpoint is stopping"):
        await queue.invoke(single)


async def test_the_end_may_wait_for_what_runs(open_queue: Open) -> None:
    """An invocation that ends in time is handled; a failed one is not tried again."""
    async with open_queue(F, G) as queue:
        queue.functions.ends("G", failed())
        queue.functions.gate.clear()
        await queue.invoke(F)
        retried = await queue.invoke(G)
        await settle()
        closing = asyncio.create_task(queue.events.close(60))
        await settle()
        assert not closing.done()
        queue.functions.gate.set()
        await closing
        assert queue.clock.timers == 0
        assert queue.reported[1:] == [
            f"asynchronous invocation {retried} of `G` is lost: it waits for attempt 2"
        ]
