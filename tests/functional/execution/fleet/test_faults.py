"""Sandboxes that cannot start, die, or fail in Init."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import (
    EngineError,
    HostNotReachableError,
    ImageNotFoundError,
    SandboxError,
)
from samlocal.execution.fleet.fleet_function import FleetFunction
from tests.functional.execution.fakes import RecordingLog, configuration
from tests.functional.execution.fleet.sandboxes import (
    entered,
    event,
    function,
    invoke,
    states,
    until,
)

if TYPE_CHECKING:
    from tests.functional.execution.fakes import Runtime
    from tests.functional.execution.fleet.sandboxes import Sandboxes

NO_IMAGE = ImageNotFoundError("no image")


def fail_init(runtime: Runtime) -> int:
    runtime.write("fails\n")
    runtime.fail_init(b'{"errorType": "ImportError", "errorMessage": "no module"}', "ImportError")
    return 1


async def test_sandbox_that_cannot_start(sandboxes: Sandboxes) -> None:
    """The invocation gets the error of a sandbox that cannot start, and the next one tries again."""
    sandboxes.prepare(failure=NO_IMAGE)
    async with entered(sandboxes) as fleet:
        with pytest.raises(ImageNotFoundError):
            await fleet.invoke(function(), event())
        assert fleet.environments == ()
        assert await invoke(fleet, function()) == "1"


async def test_each_failed_start_fails_one_invocation(sandboxes: Sandboxes) -> None:
    """Of several invocations that wait, exactly as many get an error as sandboxes cannot start."""
    for failure in (NO_IMAGE, NO_IMAGE, None):
        sandboxes.prepare(failure=failure)
    async with entered(sandboxes) as fleet:
        results = await asyncio.gather(
            *(invoke(fleet, function()) for _ in range(3)), return_exceptions=True
        )
        await invoke(fleet, function("Other"))

    assert sorted(map(str, results)) == ["2", "no image", "no image"]
    assert len(sandboxes.all) == 4


async def test_failed_start_of_another_function(sandboxes: Sandboxes) -> None:
    """The error of a start reaches no invocation of another function or of other code."""
    sandboxes.prepare(failure=NO_IMAGE)
    async with entered(sandboxes, most=1) as fleet:
        failing = asyncio.create_task(fleet.invoke(function("A"), event()))
        await asyncio.sleep(0)
        others = [
            asyncio.create_task(invoke(fleet, each))
            for each in (function("B"), function("A", fingerprint="2"))
        ]
        with pytest.raises(ImageNotFoundError):
            await failing
        assert sorted(await asyncio.gather(*others)) == ["1", "2"]


async def test_sandbox_that_dies_in_init(sandboxes: Sandboxes) -> None:
    """The invocation gets the error of a sandbox that is lost while it starts."""
    sandboxes.prepare(program=lambda _runtime: 1, dies=EngineError("the engine is gone"))
    async with entered(sandboxes) as fleet:
        with pytest.raises(EngineError, match="the engine is gone"):
            await fleet.invoke(function(), event())
        assert await invoke(fleet, function()) == "1"


async def test_sandbox_that_dies_while_idle(sandboxes: Sandboxes) -> None:
    """A sandbox that dies while idle disappears, and another one serves the next invocation."""
    async with entered(sandboxes) as fleet:
        assert await invoke(fleet, function()) == "0"
        sandboxes.all[0].die()
        await until(lambda: not fleet.environments)
        assert await invoke(fleet, function()) == "1"


async def test_death_while_idle_that_nobody_has_noticed(sandboxes: Sandboxes) -> None:
    """An invocation just after the death of its sandbox is served by another one, without an error."""
    async with entered(sandboxes) as fleet:
        for number in range(5):
            assert await invoke(fleet, function()) == str(number)
            sandboxes.all[number].die()


async def test_sandbox_that_dies_while_busy(sandboxes: Sandboxes) -> None:
    """A running invocation reports the end of its runtime, and the next one gets another sandbox."""
    async with entered(sandboxes) as fleet:
        running = asyncio.create_task(fleet.invoke(function(), event(b"hang")))
        await until(lambda: bool(sandboxes.all and sandboxes.all[0].served))
        sandboxes.all[0].die()
        assert (await running).outcome == "failure"
        assert await invoke(fleet, function()) == "1"


async def test_runtime_that_exits(sandboxes: Sandboxes) -> None:
    """After the exit of its runtime, the same sandbox serves the next invocation."""
    async with entered(sandboxes) as fleet:
        result = await fleet.invoke(function(), event(b"exit"))
        assert (result.outcome, states(fleet)) == ("failure", ["idle"])
        assert await invoke(fleet, function()) == "0"


async def test_runtime_that_exits_with_its_sandbox(sandboxes: Sandboxes) -> None:
    """Where the sandbox ends with its runtime, another sandbox serves the next invocation."""
    sandboxes.prepare(can_restart=False)
    async with entered(sandboxes) as fleet:
        result = await fleet.invoke(function(), event(b"exit"))
        assert result.outcome == "failure"
        assert await invoke(fleet, function()) == "1"


@pytest.mark.parametrize("can_restart", [True, False])
async def test_failed_init(sandboxes: Sandboxes, *, can_restart: bool) -> None:
    """A failed Init is reported once, by the invocation that it was for, and starts nothing else."""
    log = RecordingLog()
    sandboxes.prepare(program=fail_init, can_restart=can_restart)
    async with entered(sandboxes) as fleet:
        result = await fleet.invoke(function(), event(), log=log)
        await until(lambda: states(fleet) == (["idle"] if can_restart else []))

    assert result.error
    assert (result.outcome, result.error.type) == ("failure", "ImportError")
    assert len(sandboxes.all) == 1
    # Lambda repeats a failed Init in the invocation.
    assert log.entries.count("fails\n") == (2 if can_restart else 1)


@pytest.mark.parametrize("can_restart", [True, False])
async def test_failed_init_with_many_waiting(sandboxes: Sandboxes, *, can_restart: bool) -> None:
    """If Init always fails, each invocation gets the error, from at most one sandbox for each."""
    for _ in range(20):
        sandboxes.prepare(program=fail_init, can_restart=can_restart)
    async with entered(sandboxes, most=2) as fleet:
        results = await asyncio.gather(*(fleet.invoke(function(), event()) for _ in range(6)))

    assert [each.outcome for each in results] == ["failure"] * 6
    assert len(sandboxes.all) <= 6


async def test_relay(sandboxes: Sandboxes) -> None:
    """A sandbox that cannot reach this machine is replaced by one with a relay."""
    sandboxes.prepare(failure=HostNotReachableError("a firewall"))
    async with entered(sandboxes) as fleet:
        assert await invoke(fleet, function()) == "1"

    assert [each.spec.api_connection for each in sandboxes.all] == ["auto", "relay"]


async def test_relay_that_cannot_be_reached(sandboxes: Sandboxes) -> None:
    """If the relay fails too, the invocation gets the error, and nothing else is tried."""
    for _ in range(2):
        sandboxes.prepare(failure=HostNotReachableError("a firewall"))
    async with entered(sandboxes) as fleet:
        with pytest.raises(HostNotReachableError):
            await fleet.invoke(function(), event())

    assert len(sandboxes.all) == 2


async def test_log_that_breaks(sandboxes: Sandboxes) -> None:
    """The error of a function's log ends no environment and reaches no invocation with a log of its own."""

    class Broken(RecordingLog):
        def write(self, output: bytes) -> None:
            raise OSError(28, "disk full", output.decode())

    called = FleetFunction(
        key="Ratings",
        fingerprint="1",
        spec=function().spec,
        configuration=configuration(),
        log=Broken(),
    )
    async with entered(sandboxes) as fleet:
        assert await invoke(fleet, called, log=RecordingLog()) == "0"
        with pytest.raises(OSError, match="disk full"):
            await fleet.invoke(called, event())
        assert await invoke(fleet, called, log=RecordingLog()) == "0"


async def test_warm_up_that_fails(sandboxes: Sandboxes) -> None:
    """The start of an environment ahead of time raises the error of its sandbox."""
    sandboxes.prepare(failure=NO_IMAGE)
    async with entered(sandboxes) as fleet:
        with pytest.raises(SandboxError, match="no image"):
            await fleet.warm_up(function())
        assert fleet.environments == ()
