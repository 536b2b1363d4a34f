"""Environments that are initialised before their first invocation."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from samlocal.function_log import FunctionLog, PlainDestination
from tests.functional.execution.fakes import RecordingLog
from tests.functional.execution.fleet.sandboxes import (
    entered,
    event,
    function,
    invoke,
    states,
    until,
)

if TYPE_CHECKING:
    from samlocal.execution.fleet.fleet import Fleet
    from tests.functional.execution.fakes import ExternalExtension, Runtime
    from tests.functional.execution.fleet.sandboxes import Sandboxes


async def ready(fleet: Fleet) -> None:
    await until(lambda: states(fleet) == ["idle"])


async def test_fresh_environments(sandboxes: Sandboxes) -> None:
    """Each invocation has an environment of its own, the next of which is initialised ahead of time.

    Its log and its report have Init.
    """
    async with entered(sandboxes) as fleet:
        for number in range(3):
            log = RecordingLog()
            result = await fleet.invoke(function(), event(b"work"), log=log, fresh=True)
            assert result.payload == str(number).encode()
            assert result.report.init_duration_ms is not None
            assert [each for each in log.entries if each.endswith("\n")] == [
                f"init of {number}\n",
                "work\n",
            ]
            await ready(fleet)
            assert len(sandboxes.all) == number + 2

    assert [each.served for each in sandboxes.all] == [[b"work"]] * 3 + [[]]


@pytest.mark.parametrize(("most", "reserved"), [(1, None), (8, 1)])
async def test_next_fresh_environment_at_a_limit(
    sandboxes: Sandboxes, most: int, reserved: int | None
) -> None:
    """The next environment is initialised ahead of time also where there may be one only."""
    called = function(reserved=reserved)
    async with entered(sandboxes, most=most) as fleet:
        assert await invoke(fleet, called, fresh=True) == "0"
        await ready(fleet)
        assert await invoke(fleet, called, fresh=True) == "1"

    assert sandboxes.most_open <= max(most, 2)
    if most == 1:
        assert sandboxes.most_open == 1


async def test_fresh_invocations_at_once(sandboxes: Sandboxes) -> None:
    """Several fresh invocations at once never share an environment, in a full fleet neither."""
    async with entered(sandboxes, most=2) as fleet:
        served = await asyncio.gather(*(invoke(fleet, function(), fresh=True) for _ in range(6)))
        assert len(set(served)) == 6
        await ready(fleet)

    assert sandboxes.most_open == 2


async def test_fresh_environment_gives_way(sandboxes: Sandboxes) -> None:
    """Where others need the place, nothing is initialised ahead of time."""
    async with entered(sandboxes, most=1) as fleet:
        first = asyncio.create_task(invoke(fleet, function("A"), fresh=True))
        second = asyncio.create_task(invoke(fleet, function("B")))
        assert [await first, await second] == ["0", "1"]
        assert [each.key for each in fleet.environments] == ["B"]


async def test_reuse_beside_fresh(sandboxes: Sandboxes) -> None:
    """An environment that was initialised ahead may serve any invocation; a used one is not fresh."""
    async with entered(sandboxes) as fleet:
        await invoke(fleet, function(), fresh=True)
        await ready(fleet)
        assert await invoke(fleet, function()) == "1"
        assert await invoke(fleet, function(), fresh=True) == "2"
        assert await invoke(fleet, function()) in {"1", "3"}


async def test_retired_ahead(sandboxes: Sandboxes) -> None:
    """After a change nothing of the old code is initialised ahead of time."""
    async with entered(sandboxes, most=1) as fleet:
        await invoke(fleet, function(), fresh=True)
        fleet.retire("Ratings", keep="2")
        await until(lambda: not fleet.environments)
        assert await invoke(fleet, function(fingerprint="2"), fresh=True) in {"1", "2"}
        await ready(fleet)
        assert [each.fingerprint for each in fleet.environments] == ["2"]


async def test_failed_init_ahead(sandboxes: Sandboxes) -> None:
    """A failed Init ahead of time is reported by the next invocation, and not tried in between."""

    def fail(runtime: Runtime) -> int:
        runtime.fail_init(b'{"errorType": "ImportError", "errorMessage": "no module"}')
        return 1

    sandboxes.prepare()
    for _ in range(9):
        sandboxes.prepare(program=fail, can_restart=False)
    async with entered(sandboxes) as fleet:
        await invoke(fleet, function(), fresh=True)
        await until(lambda: not fleet.environments)
        assert len(sandboxes.all) == 2
        result = await fleet.invoke(function(), event(), fresh=True)
        await until(lambda: not fleet.environments)

    assert result.outcome == "failure"
    assert len(sandboxes.all) == 4


async def test_warm_up(sandboxes: Sandboxes) -> None:
    """An environment that is warm serves the first invocation; its Init is in the function's log."""
    called, log = function(), RecordingLog()
    async with entered(sandboxes) as fleet:
        await fleet.warm_up(called)
        assert states(fleet) == ["idle"]
        await fleet.warm_up(called)
        assert len(sandboxes.all) == 1
        result = await fleet.invoke(called, event(b"work"), log=log)

    assert result.payload == b"0"
    assert isinstance(called.log, RecordingLog)
    assert "init of 0\n" in called.log.entries
    assert "init of 0\n" not in log.entries
    assert "work\n" in log.entries


async def test_two_warm_ups(sandboxes: Sandboxes) -> None:
    """A warm-up beside another one, or beside an invocation, starts nothing, and waits for the same."""
    async with entered(sandboxes) as fleet:
        await asyncio.gather(*(fleet.warm_up(function()) for _ in range(3)))
        assert states(fleet) == ["idle"]
        assert len(sandboxes.all) == 1


@pytest.mark.parametrize(("most", "reserved"), [(1, None), (8, 0)])
async def test_warm_up_without_room(sandboxes: Sandboxes, most: int, reserved: int | None) -> None:
    """A warm-up does not take the place of another environment, and does not exceed a limit."""
    async with entered(sandboxes, most=most) as fleet:
        await fleet.warm_up(function("A"))
        await fleet.warm_up(function("B", reserved=reserved))
        assert [each.key for each in fleet.environments] == ["A"]


@pytest.mark.parametrize("has_hooks", [True, False])
async def test_snap_start(sandboxes: Sandboxes, *, has_hooks: bool) -> None:
    """With SnapStart, Init runs ahead, and the first invocation reports the restore."""
    settings = replace(function().configuration, initialization_type="snap-start")

    def restore(runtime: Runtime) -> int:
        assert runtime.call("GET", "/2018-06-01/runtime/restore/next")[0] == 200
        return sandboxes.all[0].serve(runtime)

    if has_hooks:
        sandboxes.prepare(program=restore)
    async with entered(sandboxes) as fleet:
        called = function(settings=settings)
        await fleet.warm_up(called)
        first = await fleet.invoke(called, event())
        second = await fleet.invoke(called, event())

    assert (first.payload, second.payload) == (b"0", b"0")
    assert first.report.init_duration_ms is None
    assert first.report.restore_duration_ms is not None
    assert second.report.restore_duration_ms is None


def extension(caller: ExternalExtension) -> int:
    """Write before and after it registers, and work until it is killed."""
    caller.write("hello ")
    caller.register("INVOKE")
    caller.write("world\nunfinished")
    while True:
        caller.next()


async def test_output_of_extensions_ahead(sandboxes: Sandboxes) -> None:
    """What extensions write in an Init ahead of time is in the log of the first invocation, with their names."""
    written: list[bytes] = []
    for _ in range(2):
        sandboxes.prepare(extensions={"agent": extension})
    async with entered(sandboxes) as fleet:
        await invoke(fleet, function(), fresh=True)
        await ready(fleet)
        log = FunctionLog(PlainDestination(written.append))
        await fleet.invoke(function(), event(b"work"), log=log, fresh=True)
        log.flush()

    lines = b"".join(written).decode().splitlines()
    assert "[agent] hello world" in lines
    assert "[agent] unfinished" in lines
    assert lines.index("init of 1") < lines.index("work")


async def test_json_log_ahead(sandboxes: Sandboxes) -> None:
    """In the JSON log format, the output of an Init ahead of time goes through the invocation's filter."""
    settings = replace(function().configuration, log_format="JSON")
    log = RecordingLog()
    async with entered(sandboxes) as fleet:
        called = function(settings=settings)
        await invoke(fleet, called, fresh=True)
        await ready(fleet)
        await fleet.invoke(called, event(b"work"), log=log, fresh=True)

    text = "\n".join(log.entries)
    assert text.index("platform.initStart") < text.index("init of 1") < text.index("work")
    assert text.count("platform.initStart") == 1
