"""Invocations whose callers go away."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import pytest

from tests.functional.execution.fakes import RecordingLog
from tests.functional.execution.fleet.sandboxes import (
    SECONDS,
    entered,
    event,
    function,
    invoke,
    states,
    until,
)

if TYPE_CHECKING:
    from samlocal.execution.fleet.fleet import Fleet
    from tests.functional.execution.fakes import Runtime
    from tests.functional.execution.fleet.sandboxes import Sandboxes


async def cancel(task: asyncio.Task[object]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def call(fleet: Fleet, payload: bytes = b"{}", *, reserved: int = 1) -> asyncio.Task[object]:
    return asyncio.create_task(invoke(fleet, function(reserved=reserved), payload))


@pytest.mark.parametrize("steps", range(6))
async def test_before_an_environment_is_there(sandboxes: Sandboxes, steps: int) -> None:
    """An environment that starts for a cancelled invocation serves the next one."""
    sandboxes.prepare(may_start=False)
    async with entered(sandboxes) as fleet:
        calling = call(fleet)
        for _ in range(steps):
            await asyncio.sleep(0)
        await cancel(calling)
        assert not fleet.is_busy
        following = call(fleet)
        await until(lambda: bool(sandboxes.all))
        sandboxes.all[0].may_start.set()
        assert await following == "0"


async def test_in_init(sandboxes: Sandboxes) -> None:
    """A call that is cancelled in Init does not end the environment, which has not seen its event."""
    initialising, may_go_on = Event(), Event()

    def initialise_slowly(runtime: Runtime) -> int:
        initialising.set()
        assert may_go_on.wait(SECONDS)
        return sandboxes.all[0].serve(runtime)

    sandboxes.prepare(program=initialise_slowly)
    async with entered(sandboxes) as fleet:
        calling = call(fleet)
        assert await asyncio.to_thread(initialising.wait, SECONDS)
        await cancel(calling)
        may_go_on.set()
        await until(lambda: states(fleet) == ["idle"])
        assert await call(fleet) == "0"


async def test_in_invoke(sandboxes: Sandboxes) -> None:
    """A call that is cancelled while the function runs ends its environment."""
    async with entered(sandboxes) as fleet:
        calling = call(fleet, b"hang")
        await until(lambda: bool(sandboxes.all and sandboxes.all[0].served))
        await cancel(calling)
        assert await call(fleet) == "1"
        await until(lambda: len(sandboxes.open) == 1)


async def test_output_of_what_is_given_up(sandboxes: Sandboxes) -> None:
    """A runtime that complains about the end of its API does so to nobody."""
    complained = Event()

    def complain(runtime: Runtime) -> int:
        with socket.create_connection(runtime._address, timeout=SECONDS) as connection:
            runtime.next()
            runtime.write("running\n")
            with suppress(OSError):
                connection.recv(1)
        runtime.process.output.write(b"the API is gone\n")
        complained.set()
        return 1

    log = RecordingLog()
    called = replace(function(), log=log)
    sandboxes.prepare(program=complain)
    async with entered(sandboxes) as fleet:
        calling = asyncio.create_task(fleet.invoke(called, event(), log=log))
        await until(lambda: "running\n" in log.entries)
        await cancel(calling)
        assert await asyncio.to_thread(complained.wait, SECONDS)
        await until(lambda: not sandboxes.open)
    assert "the API is gone\n" not in log.entries


async def test_just_after_the_reservation(sandboxes: Sandboxes) -> None:
    """A call that is cancelled after it was given an environment leaves no reservation behind.

    The environment is as good as new: it serves another tenant, or an invocation that wants a fresh one.
    """
    sandboxes.prepare(may_start=False)
    async with entered(sandboxes) as fleet:
        calling = asyncio.create_task(fleet.invoke(function(), event(tenant_id="blue")))
        await until(lambda: bool(sandboxes.all))

        async def cancel_when_reserved() -> None:
            while "busy" not in states(fleet):  # noqa: ASYNC110  # before the call goes on
                await asyncio.sleep(0)
            calling.cancel()

        cancelling = asyncio.create_task(cancel_when_reserved())
        sandboxes.all[0].may_start.set()
        await cancelling
        with pytest.raises(asyncio.CancelledError):
            await calling
        assert states(fleet) == ["idle"]
        assert [each.invocations for each in fleet.environments] == [0]
        result = await fleet.invoke(function(), event(tenant_id="green"), fresh=True)

    assert result.payload == b"0"


async def test_while_waiting_in_a_full_fleet(sandboxes: Sandboxes) -> None:
    """Cancelled invocations that wait leave the queue, and the others are served."""
    async with entered(sandboxes, most=1) as fleet:
        running = call(fleet, b"hold", reserved=10)
        await sandboxes.wait_until_held(1)
        waiting = [call(fleet, reserved=10) for _ in range(4)]
        await asyncio.sleep(0.01)
        await cancel(waiting.pop(0))
        await cancel(waiting.pop())
        sandboxes.release()
        assert await asyncio.gather(running, *waiting) == ["0"] * 3


@pytest.mark.parametrize("delay", [each / 1000 for each in range(0, 40, 4)])
async def test_at_any_moment(sandboxes: Sandboxes, delay: float) -> None:
    """Whenever a call is cancelled, the next one is not throttled, and works."""
    async with entered(sandboxes) as fleet:
        calling = call(fleet)
        await asyncio.wait([calling], timeout=delay)
        calling.cancel()
        await asyncio.wait([calling])
        assert await call(fleet) in {"0", "1"}


async def test_caller_with_a_time_limit(sandboxes: Sandboxes) -> None:
    """A time limit of the caller works as always, and the environment of its invocation ends."""
    async with entered(sandboxes) as fleet:

        async def call_with_limit() -> None:
            async with asyncio.timeout(None) as limit:

                async def expire() -> None:
                    await until(lambda: bool(sandboxes.all and sandboxes.all[0].served))
                    limit.reschedule(asyncio.get_running_loop().time())

                expiring = asyncio.create_task(expire())
                try:
                    await fleet.invoke(function(), event(b"hang"))
                finally:
                    await expiring

        with pytest.raises(TimeoutError):
            await call_with_limit()
        await until(lambda: not fleet.environments)


async def test_cancelled_warm_up(sandboxes: Sandboxes) -> None:
    """The environment of a cancelled warm-up starts nevertheless, and ends with the fleet."""
    sandboxes.prepare(may_start=False)
    async with entered(sandboxes) as fleet:
        warming = asyncio.create_task(fleet.warm_up(function()))
        await until(lambda: bool(sandboxes.all))
        await cancel(warming)
        assert states(fleet) == ["starting"]
