"""The end of a fleet."""

from __future__ import annotations

import asyncio

import pytest

from samlocal.errors import EnvironmentUnusableError
from tests.functional.execution.fleet.sandboxes import (
    Sandboxes,
    entered,
    event,
    function,
    invoke,
    states,
    until,
)


async def test_end_with_idle_environments(sandboxes: Sandboxes) -> None:
    """The end of a fleet removes its sandboxes, and it takes no invocation any more."""
    async with entered(sandboxes) as fleet:
        await asyncio.gather(invoke(fleet, function("A")), invoke(fleet, function("B")))
        assert len(sandboxes.open) == 2
        await fleet.close(5)
        assert sandboxes.open == []
        with pytest.raises(EnvironmentUnusableError, match="no invocation is possible any more"):
            await fleet.invoke(function(), event())
        with pytest.raises(EnvironmentUnusableError, match="no invocation is possible any more"):
            await fleet.warm_up(function())


async def test_end_with_running_invocations(sandboxes: Sandboxes) -> None:
    """Invocations that end in time have their results, the others an error; idle environments end first."""
    async with entered(sandboxes) as fleet:
        held = [asyncio.create_task(invoke(fleet, function("A"), b"hold")) for _ in range(2)]
        await sandboxes.wait_until_held(2)
        hanging = asyncio.create_task(fleet.invoke(function("B"), event(b"hang")))
        await until(lambda: len(sandboxes.all) == 3 and bool(sandboxes.all[2].served))
        await invoke(fleet, function("C"))
        closing = asyncio.create_task(fleet.close(2))
        await until(lambda: len(sandboxes.open) == 3)
        sandboxes.release()
        assert sorted(await asyncio.gather(*held)) == ["0", "1"]
        with pytest.raises(EnvironmentUnusableError):
            await hanging
        await closing
        assert (fleet.environments, fleet.is_busy) == ((), False)


async def test_end_with_waiting_invocations(sandboxes: Sandboxes) -> None:
    """Invocations that wait are served while there is time."""
    async with entered(sandboxes, most=1) as fleet:
        running = asyncio.create_task(invoke(fleet, function("A"), b"hold"))
        await sandboxes.wait_until_held(1)
        waiting = [asyncio.create_task(invoke(fleet, function(each))) for each in ("A", "B")]
        await asyncio.sleep(0)
        closing = asyncio.create_task(fleet.close(20))
        await asyncio.sleep(0.01)
        sandboxes.release()
        assert await asyncio.gather(running, *waiting) == ["0", "0", "1"]
        await closing


async def test_end_while_environments_start(sandboxes: Sandboxes) -> None:
    """An environment that starts for an invocation may finish, one for a warm-up may not."""
    sandboxes.prepare(may_start=False)
    sandboxes.prepare(may_start=False)
    async with entered(sandboxes) as fleet:
        calling = asyncio.create_task(invoke(fleet, function("A")))
        await until(lambda: len(sandboxes.all) == 1)
        warming = asyncio.create_task(fleet.warm_up(function("B")))
        await until(lambda: len(sandboxes.all) == 2)
        closing = asyncio.create_task(fleet.close(20))
        with pytest.raises(EnvironmentUnusableError):
            await warming
        assert states(fleet) == ["starting"]
        sandboxes.all[0].may_start.set()
        assert await calling == "0"
        await closing


async def test_end_at_once(sandboxes: Sandboxes) -> None:
    """Without time, every invocation gets an error, whatever it waits for."""
    async with entered(sandboxes, most=1) as fleet:
        calls = [
            asyncio.create_task(fleet.invoke(function(each), event(b"hang")))
            for each in ("A", "A", "B")
        ]
        await until(lambda: bool(sandboxes.all and sandboxes.all[0].served))
        await fleet.close(0)
        results = await asyncio.gather(*calls, return_exceptions=True)

    assert [type(each) for each in results] == [EnvironmentUnusableError] * 3
    assert len(sandboxes.all) == 1


async def test_caller_after_the_end(sandboxes: Sandboxes) -> None:
    """The task of a caller that got an error at the end is not cancelled, and can go on."""
    async with entered(sandboxes) as fleet:

        async def call() -> int:
            with pytest.raises(EnvironmentUnusableError):
                await fleet.invoke(function(), event(b"hang"))
            await asyncio.sleep(0.01)
            async with asyncio.timeout(5):
                await asyncio.sleep(0.01)
            task = asyncio.current_task()
            return task.cancelling() if task else -1

        calling = asyncio.create_task(call())
        await until(lambda: bool(sandboxes.all and sandboxes.all[0].served))
        await fleet.close(0)
        assert await calling == 0


async def test_cancelled_caller_at_the_end(sandboxes: Sandboxes) -> None:
    """A caller that is cancelled at the end of the fleet is cancelled, and gets no error."""
    async with entered(sandboxes) as fleet:
        calling = asyncio.create_task(fleet.invoke(function(), event(b"hang")))
        await until(lambda: bool(sandboxes.all and sandboxes.all[0].served))
        closing = asyncio.create_task(fleet.close(0))
        await asyncio.sleep(0)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        await closing


async def test_two_ends(sandboxes: Sandboxes) -> None:
    """An end without time overtakes one that waits."""
    async with entered(sandboxes) as fleet:
        calling = asyncio.create_task(fleet.invoke(function(), event(b"hang")))
        await until(lambda: bool(sandboxes.all and sandboxes.all[0].served))
        patient = asyncio.create_task(fleet.close(1000))
        await asyncio.sleep(0.01)
        await fleet.close(0)
        with pytest.raises(EnvironmentUnusableError):
            await calling
        await patient


async def test_end_by_an_error(sandboxes: Sandboxes) -> None:
    """An error in the block of a fleet ends its environments."""

    async def fail() -> None:
        async with entered(sandboxes) as fleet:
            await invoke(fleet, function())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert sandboxes.open == []
