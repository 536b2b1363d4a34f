"""What a fleet keeps does not grow with the number of its invocations."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import replace
from threading import enumerate as running_threads
from typing import TYPE_CHECKING, Literal

import pytest

from tests.functional.execution.fakes import RecordingLog
from tests.functional.execution.fleet.sandboxes import entered, event, function, until
from tests.functional.execution.sinks import RecordingSink

if TYPE_CHECKING:
    from threading import Thread

    from samlocal.execution.fleet.fleet import Fleet
    from samlocal.execution.fleet.fleet_function import FleetFunction
    from samlocal.sandbox.sandbox import Sandbox
    from tests.functional.execution.fakes import ExternalExtension
    from tests.functional.execution.fleet.sandboxes import Sandboxes

FEW, MANY = 50, 250

Kind = Literal["usual", "managed", "extension"]


def callbacks(sandbox: Sandbox) -> int:
    """How many callbacks wait for the end of a sandbox."""
    ends = sandbox.exited, sandbox.logs_ended
    return sum(len(vars(each)["_done_callbacks"]) for each in ends)


def objects() -> int:
    gc.collect()
    return len(gc.get_objects())


def threads() -> set[Thread]:
    """Return all threads but those of the event loop's pool.

    The pool adds a thread whenever none is idle at that moment, up to its limit, and keeps all until the loop ends.
    """
    return {each for each in running_threads() if not each.name.startswith("asyncio_")}


async def use(fleet: Fleet, called: FleetFunction, times: int, payload: bytes) -> None:
    """Invoke a function with all that an invocation may have."""
    for _ in range(times):
        log, sink = RecordingLog(), RecordingSink()
        await fleet.invoke(called, event(payload), log=log, response=sink)
        await sink.ended


def extension(caller: ExternalExtension) -> int:
    caller.register("INVOKE")
    while True:
        caller.next()


def function_of(kind: Kind) -> FleetFunction:
    if kind != "managed":
        return function()
    settings = replace(
        function().configuration, initialization_type="lambda-managed-instances", max_concurrency=2
    )
    return function(settings=settings)


@pytest.mark.parametrize("kind", ["usual", "managed", "extension"])
async def test_one_environment(sandboxes: Sandboxes, kind: Kind) -> None:
    """An environment that serves many invocations keeps nothing of them: objects, tasks, waits, threads."""
    if kind == "extension":
        sandboxes.prepare(extensions={"agent": extension})
    called = function_of(kind)
    async with entered(sandboxes) as fleet:
        await use(fleet, called, FEW, b"{}")
        (sandbox,) = sandboxes.all
        before = objects(), callbacks(sandbox), len(asyncio.all_tasks()), threads()
        await use(fleet, called, MANY, b"{}")
        after = objects(), callbacks(sandbox), len(asyncio.all_tasks()), threads()

    assert len(sandboxes.all) == 1
    assert after[0] - before[0] < MANY // 2
    assert after[1] <= before[1] + 2  # once, for a worker that has just answered
    assert after[2] <= before[2] + 2
    assert after[3] <= before[3]


async def test_one_environment_that_crashes(sandboxes: Sandboxes) -> None:
    """An environment whose runtime ends with each invocation has no more waits for its end afterwards."""
    async with entered(sandboxes) as fleet:
        await use(fleet, function(), 5, b"exit")
        (sandbox,) = sandboxes.all
        before = callbacks(sandbox), len(asyncio.all_tasks())
        await use(fleet, function(), 20, b"exit")
        after = callbacks(sandbox), len(asyncio.all_tasks())

    assert len(sandboxes.all) == 1
    assert after <= before


async def test_many_environments(sandboxes: Sandboxes) -> None:
    """Environments that have ended leave no object, task or thread behind."""
    called = function()
    others = threads()
    async with entered(sandboxes) as fleet:

        async def use_fresh(times: int) -> None:
            for _ in range(times):
                await fleet.invoke(called, event(), fresh=True)
            fleet.retire("Ratings")
            await until(lambda: not fleet.environments)
            sandboxes.all.clear()
            # A runtime may be ending after its sandbox has: what it holds is not left behind.
            await until(lambda: threads() <= others)

        await use_fresh(10)
        before = objects(), len(asyncio.all_tasks())
        await use_fresh(30)
        after = objects(), len(asyncio.all_tasks())

    assert after[0] - before[0] < 30 * 5
    assert after[1] <= before[1]
