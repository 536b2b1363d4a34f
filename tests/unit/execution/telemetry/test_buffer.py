"""What waits for a subscriber, and when it is due."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.execution.telemetry.buffer import MAX_WAITING_BYTES, EventBuffer
from samlocal.execution.telemetry.encoding import EncodedEvents
from samlocal.runtime_api.subscriptions import Buffering, Destination, Subscription

LARGE = EncodedEvents(b"x" * 65536, 1)


PATIENT = Buffering(timeout_ms=30_000)


def buffer(buffering: Buffering = PATIENT, *, notes_dropped: bool = True) -> EventBuffer:
    subscription = Subscription(
        extension="agent",
        api="telemetry",
        schema_version="2022-12-13",
        streams=("function",),
        destination=Destination(protocol="TCP", port=1),
        buffering=buffering,
    )

    def dropped(number: int, size: int) -> EncodedEvents | None:
        return encoded(f"dropped {number} {size}") if notes_dropped else None

    return EventBuffer(subscription, dropped)


def encoded(*events: str) -> EncodedEvents:
    return EncodedEvents("\n".join(events).encode(), len(events))


def taken(of: EventBuffer) -> list[str]:
    batch = of.take()
    events = batch.data.decode().split("\n") if batch.number else []
    assert len(events) == batch.number
    return events


def test_nothing_is_due_without_an_event() -> None:
    """An empty buffer has no batch, now or later."""
    waiting = buffer()
    waiting.hasten()
    assert waiting.seconds_until_due() == math.inf
    assert taken(waiting) == []


def test_events_wait_for_others() -> None:
    """The time until a batch is due counts from its first event."""
    waiting = buffer()
    assert waiting.add(encoded("a"))
    assert not waiting.add(encoded("b"))
    assert 0 < waiting.seconds_until_due() <= 30
    assert taken(waiting) == ["a", "b"]


def test_hastened_events_are_due() -> None:
    """What was added before `hasten` does not wait for more; what comes later does."""
    waiting = buffer()
    waiting.add(encoded("a"))
    assert waiting.hasten() == 1
    assert waiting.seconds_until_due() == 0
    assert taken(waiting) == ["a"]
    waiting.add(encoded("b"))
    assert waiting.seconds_until_due() > 0


@pytest.mark.parametrize(
    ("limits", "number"),
    [
        (Buffering(max_items=3, timeout_ms=30_000), 3),
        (Buffering(max_bytes=4, timeout_ms=30_000), 2),
    ],
    ids=["items", "bytes"],
)
def test_full_batch_is_due(limits: Buffering, number: int) -> None:
    """A batch ends with the event that reaches a limit; the others wait for the next one."""
    waiting = buffer(limits)
    waiting.add(encoded("aa"))
    assert waiting.add(encoded("bb", "cc", "dd", "ee", "ff", "gg", "hh"))
    assert waiting.seconds_until_due() == 0
    assert taken(waiting) == ["aa", "bb", "cc"][:number]


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="ascii", exclude_characters="\n"), max_size=9), min_size=1
        )
    ),
    st.integers(min_value=1, max_value=5),
    st.integers(min_value=1, max_value=20),
)
def test_batches_are_the_events_in_order(
    added: list[list[str]], max_items: int, max_bytes: int
) -> None:
    """Whatever the limits, each event is in one batch, and no limit is passed by more than an event."""
    waiting = buffer(Buffering(max_items=max_items, max_bytes=max_bytes))
    for events in added:
        waiting.add(encoded(*events))
    batches = []
    while batch := taken(waiting):
        assert len(batch) <= max_items
        assert sum(map(len, batch[:-1])) < max_bytes + 1
        batches += batch
    assert batches == [event for events in added for event in events]
    assert waiting.seconds_until_due() == math.inf
    waiting.add(encoded("a"))
    assert (waiting.seconds_until_due() > 0) == (min(max_items, max_bytes) > 1)


def test_events_beyond_the_limit_are_dropped() -> None:
    """A subscriber far behind loses the newest events, and learns how many, where they would have been."""
    waiting = buffer()
    fitting = MAX_WAITING_BYTES // len(LARGE.data)
    for _ in range(fitting):
        waiting.add(LARGE)
    assert not waiting.add(LARGE)
    assert not waiting.add(encoded("a", "b"))
    first = len(taken(waiting))
    waiting.add(encoded("later"))
    rest: list[str] = []
    while batch := taken(waiting):
        rest += batch
    assert first + len(rest) == fitting + 2
    assert rest[-2:] == ["dropped 3 65539", "later"]


def test_dropped_batch_is_noted() -> None:
    """A batch that its subscriber refuses is counted as dropped."""
    waiting = buffer()
    waiting.add(encoded("a", "b"))
    waiting.drop(waiting.take())
    assert taken(waiting) == ["dropped 2 3"]


def test_subscriber_without_platform_events_is_told_nothing() -> None:
    """A subscriber of logs alone gets no event about dropped ones."""
    waiting = buffer(notes_dropped=False)
    waiting.drop(encoded("a"))
    assert taken(waiting) == []
