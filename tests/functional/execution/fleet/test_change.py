"""What happens to environments when the function changes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import EnvironmentUnusableError
from samlocal.sandbox.sandbox import Debugger
from tests.functional.execution.fleet.sandboxes import (
    entered,
    function,
    invoke,
    states,
    until,
)

if TYPE_CHECKING:
    from samlocal.execution.fleet.fleet_function import FleetFunction
    from tests.functional.execution.fleet.sandboxes import Sandboxes

DEBUGGER = Debugger(name="debugpy", ports=(5890,))


async def test_change_while_running(sandboxes: Sandboxes) -> None:
    """A running invocation finishes in the old environment, the next one starts in a new one."""
    old, new = function(fingerprint="1"), function(fingerprint="2")
    async with entered(sandboxes) as fleet:
        running = asyncio.create_task(invoke(fleet, old, b"hold"))
        await sandboxes.wait_until_held(1)
        fleet.retire("Ratings", keep="2")
        assert await invoke(fleet, new) == "1"
        assert states(fleet) == ["busy", "idle"]
        sandboxes.release()
        assert await running == "0"
        await until(lambda: states(fleet) == ["idle"])
        assert [each.fingerprint for each in fleet.environments] == ["2"]


async def test_change_while_idle(sandboxes: Sandboxes) -> None:
    """Idle environments of old code end at once; those of the new code stay."""
    async with entered(sandboxes) as fleet:
        await invoke(fleet, function(fingerprint="1"))
        await invoke(fleet, function(fingerprint="2"))
        fleet.retire("Ratings", keep="2")
        await until(lambda: states(fleet) == ["idle"])
        assert await invoke(fleet, function(fingerprint="2")) == "1"
        fleet.retire("Ratings")
        await until(lambda: not fleet.environments)


async def test_change_while_starting(sandboxes: Sandboxes) -> None:
    """An environment that starts for an invocation serves it, and ends then; one for nobody ends at once."""
    sandboxes.prepare(may_start=False)
    sandboxes.prepare(may_start=False)
    async with entered(sandboxes) as fleet:
        waiting = [asyncio.create_task(invoke(fleet, function(fingerprint="1"))) for _ in range(2)]
        await until(lambda: len(sandboxes.all) == 2)
        waiting.pop().cancel()
        await asyncio.sleep(0)
        for keep in "234":  # faster than any start
            fleet.retire("Ratings", keep=keep)
        sandboxes.all[1].may_start.set()
        assert await waiting[0] == "1"
        sandboxes.all[0].may_start.set()
        await until(lambda: not fleet.environments)

    assert len(sandboxes.all) == 2


async def test_warm_up_of_old_code(sandboxes: Sandboxes) -> None:
    """An environment that starts ahead of time ends at once after a change."""
    sandboxes.prepare(may_start=False)
    async with entered(sandboxes) as fleet:
        warming = asyncio.create_task(fleet.warm_up(function(fingerprint="1")))
        await until(lambda: len(sandboxes.all) == 1)
        fleet.retire("Ratings", keep="2")
        with pytest.raises(EnvironmentUnusableError):
            await warming
        assert fleet.environments == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(function(reserved=1), function(reserved=1, fingerprint="2"), id="reserved"),
        pytest.param(
            function(debugger=DEBUGGER),
            function(debugger=DEBUGGER, fingerprint="2"),
            id="debugged",
        ),
    ],
)
async def test_change_at_the_limit(
    sandboxes: Sandboxes, old: FleetFunction, new: FleetFunction
) -> None:
    """An idle environment of old code makes way for a new one where the function may have one only."""
    async with entered(sandboxes) as fleet:
        assert await invoke(fleet, old) == "0"
        assert await invoke(fleet, new) == "1"
        await until(lambda: states(fleet) == ["idle"])
        assert await invoke(fleet, new) == "1"


async def test_change_of_a_debugged_function_that_is_busy(sandboxes: Sandboxes) -> None:
    """The new code of a debugged function waits for the end of the invocation on the old one.

    At no time there are two environments, which would need the same port.
    """
    old = function(debugger=DEBUGGER)
    new = function(debugger=DEBUGGER, fingerprint="2")
    async with entered(sandboxes) as fleet:
        running = asyncio.create_task(invoke(fleet, old, b"hold"))
        await sandboxes.wait_until_held(1)
        fleet.retire("Ratings", keep="2")
        waiting = [asyncio.create_task(invoke(fleet, new)) for _ in range(2)]
        await asyncio.sleep(0.02)
        assert len(sandboxes.all) == 1
        sandboxes.release()
        assert [await running, *await asyncio.gather(*waiting)] == ["0", "1", "1"]

    assert sandboxes.most_open == 1


async def test_debugged_function_has_one_environment(sandboxes: Sandboxes) -> None:
    """Invocations of a debugged function wait for its only environment, also in fresh mode."""
    called = function(debugger=DEBUGGER)
    async with entered(sandboxes) as fleet:
        served = await asyncio.gather(
            *(invoke(fleet, called) for _ in range(4)),
            *(invoke(fleet, called, fresh=True) for _ in range(2)),
        )
    assert served == ["0"] * 6


async def test_versions_share_the_limit(sandboxes: Sandboxes) -> None:
    """Two versions of a function have environments of their own, and one reserved concurrency."""
    first, second = function(reserved=2), function(reserved=2, fingerprint="2")
    async with entered(sandboxes) as fleet:
        assert [await invoke(fleet, each) for each in (first, second, first)] == ["0", "1", "0"]
        held = [asyncio.create_task(invoke(fleet, second, b"hold")) for _ in range(2)]
        await sandboxes.wait_until_held(2)
        sandboxes.release()
        assert sorted(await asyncio.gather(*held)) == ["1", "2"]


async def test_retire_of_an_unknown_function(sandboxes: Sandboxes) -> None:
    """A function without environments has nothing to retire."""
    async with entered(sandboxes) as fleet:
        fleet.retire("Nobody")
        assert fleet.environments == ()
