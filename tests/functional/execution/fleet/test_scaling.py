"""How many environments a fleet has, and which of them serves an invocation."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import ThrottledError
from samlocal.execution.fleet import pool, scheduler
from tests.functional.execution.fleet.sandboxes import (
    SECONDS,
    entered,
    event,
    function,
    invoke,
    states,
    until,
)
from tests.functional.execution.sinks import RecordingSink

if TYPE_CHECKING:
    from tests.functional.execution.fakes import Runtime
    from tests.functional.execution.fleet.sandboxes import Sandboxes


class FinishesLate:
    """A runtime that answers, and asks for the next invocation when it may."""

    def __init__(self) -> None:
        self.may_ask = Event()

    def serve(self, runtime: Runtime) -> int:
        while True:
            received = runtime.next()
            runtime.respond(received, b"late")
            assert self.may_ask.wait(SECONDS)


async def test_consecutive_invocations(sandboxes: Sandboxes) -> None:
    """Consecutive invocations share an environment, and only the first one reports Init."""
    async with entered(sandboxes) as fleet:
        first = await fleet.invoke(function(), event())
        second = await fleet.invoke(function(), event())

    assert (first.payload, second.payload) == (b"0", b"0")
    assert first.report.init_duration_ms is not None
    assert second.report.init_duration_ms is None


async def test_invocations_at_once(sandboxes: Sandboxes) -> None:
    """Each of several invocations at once has an environment of its own."""
    async with entered(sandboxes) as fleet:
        running = [asyncio.create_task(invoke(fleet, function(), b"hold")) for _ in range(3)]
        await sandboxes.wait_until_held(3)
        assert states(fleet) == ["busy"] * 3
        assert fleet.is_busy
        sandboxes.release()
        assert sorted(await asyncio.gather(*running)) == ["0", "1", "2"]
        assert states(fleet) == ["idle"] * 3
        assert not fleet.is_busy


async def test_starts_at_once(sandboxes: Sandboxes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few environments of a function start at once; the next one starts when one of them is ready."""
    monkeypatch.setattr(scheduler, "starts_by_machine", lambda: 2)
    for _ in range(2):
        sandboxes.prepare(may_start=False)
    async with entered(sandboxes) as fleet:
        running = [asyncio.create_task(invoke(fleet, function(), b"hold")) for _ in range(4)]
        await until(lambda: len(sandboxes.open) == 2)
        assert await asyncio.wait(running, timeout=0.1) == (set(), set(running))
        assert len(sandboxes.all) == 2
        sandboxes.all[0].may_start.set()
        await until(lambda: len(sandboxes.all) == 4)
        sandboxes.release()
        await asyncio.gather(*running)


async def test_most_recently_used(sandboxes: Sandboxes) -> None:
    """The environment that was used last is used again, and the others stay idle."""
    async with entered(sandboxes) as fleet:
        held = asyncio.create_task(invoke(fleet, function(), b"hold"))
        await sandboxes.wait_until_held(1)
        assert await invoke(fleet, function()) == "1"
        sandboxes.release()
        assert await held == "0"
        assert [await invoke(fleet, function()) for _ in range(3)] == ["0"] * 3


async def test_functions_do_not_share(sandboxes: Sandboxes) -> None:
    """Each function has environments of its own."""
    async with entered(sandboxes) as fleet:
        assert await invoke(fleet, function("A")) == "0"
        assert await invoke(fleet, function("B")) == "1"
        assert [each.key for each in fleet.environments] == ["A", "B"]


async def test_idle_time(sandboxes: Sandboxes) -> None:
    """An environment ends after its idle time, and the next invocation starts another."""
    async with entered(sandboxes, idle_seconds=0.05) as fleet:
        assert await invoke(fleet, function()) == "0"
        await until(lambda: not fleet.environments)
        assert sandboxes.open == []
        assert await invoke(fleet, function()) == "1"


async def test_idle_time_of_a_function(sandboxes: Sandboxes) -> None:
    """A function's own idle time is that of its last invocation."""
    async with entered(sandboxes) as fleet:
        await invoke(fleet, function(idle_seconds=0.05))
        await invoke(fleet, function())
        (kept,) = fleet.environments
        await invoke(fleet, function(idle_seconds=0.05))
        await until(lambda: not fleet.environments)

    assert kept.ends is not None
    assert (kept.ends - kept.started).total_seconds() > 10


@pytest.mark.parametrize("reserved", [0, 1, 2])
async def test_reserved_concurrency(sandboxes: Sandboxes, reserved: int) -> None:
    """One invocation more than the reserved concurrency is throttled at once, with Lambda's reason."""
    async with entered(sandboxes) as fleet:
        called = function(reserved=reserved)
        running = [asyncio.create_task(invoke(fleet, called, b"hold")) for _ in range(reserved)]
        await sandboxes.wait_until_held(reserved)
        with pytest.raises(ThrottledError) as throttled:
            await fleet.invoke(called, event())
        sandboxes.release()
        await asyncio.gather(*running)
        assert len(fleet.environments) == reserved

    assert throttled.value.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"


async def test_full_fleet(sandboxes: Sandboxes) -> None:
    """More invocations than environments wait for one, and all are served."""
    async with entered(sandboxes, most=2) as fleet:
        running = [asyncio.create_task(invoke(fleet, function(), b"hold")) for _ in range(9)]
        await sandboxes.wait_until_held(2)
        sandboxes.release()
        assert set(await asyncio.gather(*running)) == {"0", "1"}

    assert sandboxes.most_open == 2


async def test_eviction(sandboxes: Sandboxes) -> None:
    """A full fleet ends the idle environment that was used least recently, of whatever function."""
    async with entered(sandboxes, most=2) as fleet:
        await invoke(fleet, function("A"))
        await invoke(fleet, function("B"))
        await invoke(fleet, function("A"))
        assert await invoke(fleet, function("C")) == "2"
        assert [each.key for each in fleet.environments] == ["A", "C"]

    assert sandboxes.most_open == 2


async def test_evictions_at_once(sandboxes: Sandboxes) -> None:
    """Several invocations in a full fleet end as many idle environments as they need."""
    async with entered(sandboxes, most=4) as fleet:
        running = [asyncio.create_task(invoke(fleet, function("A"), b"hold")) for _ in range(4)]
        await sandboxes.wait_until_held(4)
        sandboxes.answer_held()
        await asyncio.gather(*running)
        # Held, because one environment could serve both, one after the other.
        others = [asyncio.create_task(invoke(fleet, function("B"), b"hold")) for _ in range(2)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert states(fleet) == ["idle", "idle", "stopping", "stopping"]
        await sandboxes.wait_until_held(6)
        sandboxes.release()
        assert len(set(await asyncio.gather(*others))) == 2

    assert sandboxes.most_open == 4


async def test_own_environment_before_the_place_of_another(
    sandboxes: Sandboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a full fleet, an invocation waits for a busy environment of its function before it ends one of another."""
    monkeypatch.setattr(scheduler, "_PATIENCE_SECONDS", 1000.0)
    async with entered(sandboxes, most=2) as fleet:
        await invoke(fleet, function("B"))
        running = asyncio.create_task(invoke(fleet, function("A"), b"hold"))
        await sandboxes.wait_until_held(1)
        waiting = asyncio.create_task(invoke(fleet, function("A")))
        await asyncio.sleep(0.02)
        assert states(fleet) == ["busy", "idle"]
        sandboxes.release()
        assert [await running, await waiting] == ["1", "1"]
        assert await invoke(fleet, function("B")) == "0"


async def test_place_of_another_after_a_wait(
    sandboxes: Sandboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If its own environments stay busy, an invocation takes the place of another function's idle one."""
    monkeypatch.setattr(scheduler, "_PATIENCE_SECONDS", 0.05)
    async with entered(sandboxes, most=2) as fleet:
        await invoke(fleet, function("B"))
        running = asyncio.create_task(invoke(fleet, function("A"), b"hold"))
        await sandboxes.wait_until_held(1)
        assert await invoke(fleet, function("A")) == "2"
        sandboxes.release()
        assert await running == "1"


async def test_most_waiting(sandboxes: Sandboxes, monkeypatch: pytest.MonkeyPatch) -> None:
    """An invocation beyond those that may wait is throttled, with Lambda's reason."""
    monkeypatch.setattr(scheduler, "_MOST_WAITING", 2)
    async with entered(sandboxes, most=1) as fleet:
        running = [asyncio.create_task(invoke(fleet, function(), b"hold"))]
        await sandboxes.wait_until_held(1)
        running += [asyncio.create_task(invoke(fleet, function())) for _ in range(2)]
        await asyncio.sleep(0.01)
        with pytest.raises(ThrottledError, match="Rate Exceeded") as throttled:
            await fleet.invoke(function(), event())
        sandboxes.release()
        assert await asyncio.gather(*running) == ["0"] * 3

    assert throttled.value.reason == "ConcurrentInvocationLimitExceeded"


async def test_no_function_waits_for_ever(
    sandboxes: Sandboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function gets a place in a full fleet although another one never stops using it."""
    monkeypatch.setattr(scheduler, "_PATIENCE_SECONDS", 0.1)
    is_served = False
    async with entered(sandboxes, most=1) as fleet:

        async def use() -> None:
            while not is_served:
                await invoke(fleet, function("A"))

        async with asyncio.timeout(SECONDS):
            using = [asyncio.create_task(use()) for _ in range(3)]
            await until(lambda: states(fleet) == ["busy"])
            assert int(await invoke(fleet, function("B"))) > 0
            is_served = True
            await asyncio.gather(*using)

    assert sandboxes.most_open == 1


async def test_tenants(sandboxes: Sandboxes) -> None:
    """An environment serves one tenant only, and at the limit makes way for another one."""
    async with entered(sandboxes, most=2) as fleet:
        served = [
            (await fleet.invoke(function(reserved=1), event(tenant_id=each))).payload
            for each in ("blue", "green", "green", "blue", None)
        ]

    assert served == [b"0", b"1", b"1", b"2", b"3"]


async def test_several_invocations_in_one_environment(sandboxes: Sandboxes) -> None:
    """On managed instances, an environment takes several invocations at once, also while it starts."""
    settings = replace(
        function().configuration,
        initialization_type="lambda-managed-instances",
        max_concurrency=3,
    )
    sandboxes.prepare(workers=3, may_start=False)
    sandboxes.prepare(workers=3)
    async with entered(sandboxes) as fleet:
        called = function(settings=settings)
        running = [asyncio.create_task(invoke(fleet, called, b"hold")) for _ in range(3)]
        await until(lambda: len(sandboxes.all) == 1)
        sandboxes.all[0].may_start.set()
        await sandboxes.wait_until_held(3)
        running.append(asyncio.create_task(invoke(fleet, called, b"hold")))
        await sandboxes.wait_until_held(4)
        sandboxes.release()
        assert sorted(await asyncio.gather(*running)) == ["0", "0", "0", "1"]

    assert sandboxes.all[0].most_at_once == 3


async def test_single_worker(sandboxes: Sandboxes) -> None:
    """An environment whose only worker has just answered serves the next invocation too."""
    settings = replace(
        function().configuration,
        initialization_type="lambda-managed-instances",
        max_concurrency=3,
    )
    async with entered(sandboxes) as fleet:
        served = [await invoke(fleet, function(settings=settings)) for _ in range(50)]
    assert served == ["0"] * 50


async def test_environment_that_is_free_soon(
    sandboxes: Sandboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An invocation after an answer waits for its environment, which is about to be free."""
    for module in (pool, scheduler):
        monkeypatch.setattr(module, "FREE_SOON_SECONDS", 1000.0)
    slow = FinishesLate()
    sandboxes.prepare(program=slow.serve)
    async with entered(sandboxes) as fleet:
        sink = RecordingSink()
        first = asyncio.create_task(fleet.invoke(function(), event(), response=sink))
        await asyncio.wait_for(sink.ended, SECONDS)
        second = asyncio.create_task(fleet.invoke(function(), event()))
        await asyncio.sleep(0.02)
        assert len(sandboxes.all) == 1
        slow.may_ask.set()
        await first
        assert (await second).payload == b"late"

    assert len(sandboxes.all) == 1


async def test_environment_that_is_not_free_soon(sandboxes: Sandboxes) -> None:
    """If an environment is not free soon after its answer, the next invocation starts another."""
    slow = FinishesLate()
    sandboxes.prepare(program=slow.serve)
    async with entered(sandboxes) as fleet:
        sink = RecordingSink()
        first = asyncio.create_task(fleet.invoke(function(), event(), response=sink))
        await asyncio.wait_for(sink.ended, SECONDS)
        assert await invoke(fleet, function()) == "1"
        slow.may_ask.set()
        await first
