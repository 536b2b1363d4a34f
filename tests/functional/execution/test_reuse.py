"""Several invocations in one execution environment, against runtimes that really call it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import EngineError, EnvironmentBusyError, EnvironmentUnusableError
from samlocal.execution.environment import EnvironmentState
from tests.functional.execution.fakes import (
    FakeSandbox,
    RecordingLog,
    entered,
    numbered,
)

if TYPE_CHECKING:
    from tests.functional.execution.fakes import Runtime


def follow(runtime: Runtime) -> int:
    """Do what the event requests."""
    runtime.write("init\n")
    while True:
        event = runtime.next()
        runtime.write(f"{event.request_id} {event.payload.decode()}\n")
        match event.payload:
            case b"fail":
                runtime.fail(event, b'{"errorType": "ValueError", "errorMessage": "no stars"}')
            case b"hang":
                runtime.hang()
            case b"exit":
                return 7
            case _:
                runtime.respond(event, event.payload)


async def test_each_invocation_has_its_own_log() -> None:
    """Each log has START, END and REPORT once around its output; the first one has Init's output too."""
    logs = RecordingLog(), RecordingLog()
    async with entered(FakeSandbox(follow)) as environment:
        results = [
            await environment.invoke(numbered(number, b"1"), log=log)
            for number, log in enumerate(logs)
        ]

    assert logs[0].entries == [
        "init\n",
        "START RequestId: id-0 Version: $LATEST",
        "id-0 1\n",
        "END RequestId: id-0",
        str(results[0].report),
    ]
    assert logs[1].entries == [
        "START RequestId: id-1 Version: $LATEST",
        "id-1 1\n",
        "END RequestId: id-1",
        str(results[1].report),
    ]


async def test_only_the_first_report_has_init() -> None:
    """Only the first report has the duration of Init, and the end of Init is reported once."""
    sandbox = FakeSandbox(follow)
    async with entered(sandbox) as environment:
        first = await environment.invoke(numbered(1))
        second = await environment.invoke(numbered(2))

    assert "Init Duration" in str(first.report)
    assert "Init Duration" not in str(second.report)
    assert sandbox.inits_ended == 1


async def test_success_after_an_error() -> None:
    """An environment is usable after an error that the function returns."""
    async with entered(FakeSandbox(follow)) as environment:
        first = await environment.invoke(numbered(1, b"fail"))
        assert environment.is_usable
        second = await environment.invoke(numbered(2, b"1"))

    assert (first.outcome, second.outcome) == ("error", "success")


async def test_invocation_in_a_busy_environment() -> None:
    """A second concurrent invocation is refused, and the first one continues."""
    async with entered(FakeSandbox(follow)) as environment:
        first = asyncio.create_task(environment.invoke(numbered(1, b"1")))
        await asyncio.sleep(0)
        with pytest.raises(EnvironmentBusyError, match="busy with invocation `id-1`"):
            await environment.invoke(numbered(2))
        assert (await first).payload == b"1"
        assert (await environment.invoke(numbered(3, b"3"))).payload == b"3"


@pytest.mark.parametrize(
    ("event", "outcome"),
    [pytest.param(b"hang", "timeout", id="timeout"), pytest.param(b"exit", "failure", id="crash")],
)
async def test_runtime_starts_again_after(event: bytes, outcome: str) -> None:
    """After a timeout or a crash, the next invocation starts the runtime again in the same sandbox.

    Its second Init is a part of that invocation.
    """
    sandbox, log, next_log = FakeSandbox(follow), RecordingLog(), RecordingLog()
    async with entered(sandbox, timeout_seconds=0.3) as environment:
        await environment.invoke(numbered(1))
        result = await environment.invoke(numbered(2, event), log=log)
        assert (result.outcome, environment.state) == (outcome, EnvironmentState.IDLE)
        assert sandbox.runtimes[0].exited.done()
        following = await environment.invoke(numbered(3, b"3"), log=next_log)

    assert (following.payload, following.report.init_duration_ms) == (b"3", None)
    assert len(sandbox.runtimes) == 2
    assert log.entries[:2] == [
        "START RequestId: id-2 Version: $LATEST",
        f"id-2 {event.decode()}\n",
    ]
    assert log.entries[-2:] == ["END RequestId: id-2", str(result.report)]
    assert next_log.entries == [
        "init\n",
        "START RequestId: id-3 Version: $LATEST",
        "id-3 3\n",
        "END RequestId: id-3",
        str(following.report),
    ]


async def test_runtime_that_ends_while_idle() -> None:
    """A runtime that has ended since the last invocation starts again for the next one."""
    sandbox = FakeSandbox(follow)
    async with entered(sandbox) as environment:
        await environment.invoke(numbered(1))
        sandbox.runtimes[0].kill()
        assert (await environment.invoke(numbered(2, b"2"))).payload == b"2"


@pytest.mark.parametrize("event", [b"hang", b"exit"])
async def test_environment_that_cannot_restart(event: bytes) -> None:
    """An environment is not usable after its runtime ended, if no other one can start in its sandbox."""
    sandbox = FakeSandbox(follow, can_restart=False)
    async with entered(sandbox, timeout_seconds=0.3) as environment:
        await environment.invoke(numbered(1))
        await environment.invoke(numbered(2, event))
        assert not environment.is_usable
        with pytest.raises(EnvironmentUnusableError, match="it is gone"):
            await environment.invoke(numbered(3))

    assert sandbox.stopped.is_set()


async def test_runtime_starts_again_when_it_does_not_call_again() -> None:
    """A runtime that does not call `next` in time is replaced."""

    def program(runtime: Runtime) -> int:
        runtime.respond(runtime.next(), b"1")
        runtime.hang()
        return 0

    sandbox = FakeSandbox(program)
    async with entered(sandbox, timeout_seconds=0.3) as environment:
        assert (await environment.invoke(numbered(1))).outcome == "success"
        assert (await environment.invoke(numbered(2))).outcome == "success"
    assert len(sandbox.runtimes) == 2


async def test_environment_is_unusable_after_it_was_stopped() -> None:
    """A stopped environment is not usable."""
    async with entered(FakeSandbox(follow)) as environment:
        await environment.invoke(numbered(1))
        await environment.stop()
        with pytest.raises(EnvironmentUnusableError):
            await environment.invoke(numbered(2))


async def test_environment_is_unusable_after_the_last_invocation() -> None:
    """After the last invocation, the sandbox is stopped."""
    sandbox = FakeSandbox(follow)
    async with entered(sandbox) as environment:
        await environment.invoke(numbered(1), is_last=True)
        assert sandbox.stopped.is_set()
        assert not environment.is_usable


async def test_environment_is_unusable_after_a_cancelled_invocation() -> None:
    """After a cancelled invocation, the state of the runtime is unknown."""
    async with entered(FakeSandbox(follow)) as environment:
        await environment.invoke(numbered(1))
        second = asyncio.create_task(environment.invoke(numbered(2, b"hang")))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert environment.state is EnvironmentState.STOPPING
        assert not environment.is_usable
        with pytest.raises(EnvironmentUnusableError, match="it is stopping"):
            await environment.invoke(numbered(3))


async def test_environment_is_unusable_when_the_engine_was_lost() -> None:
    """The error of a lost sandbox is raised once, and then the environment is unusable."""

    def program(runtime: Runtime) -> int:
        runtime.next()
        return 0

    sandbox = FakeSandbox(program, dies=EngineError("the engine went away"))
    async with entered(sandbox) as environment:
        with pytest.raises(EngineError):
            await environment.invoke(numbered(1))
        with pytest.raises(EnvironmentUnusableError):
            await environment.invoke(numbered(2))


async def test_environment_is_unusable_when_its_sandbox_ended_while_idle() -> None:
    """An environment whose sandbox ended while idle accepts no invocation."""
    sandbox = FakeSandbox(follow)
    async with entered(sandbox) as environment:
        await environment.invoke(numbered(1))
        sandbox.stop()
        with pytest.raises(EnvironmentUnusableError, match="it is gone"):
            await environment.invoke(numbered(2))


async def test_states() -> None:
    """An environment has the states starting, initialising, idle, busy, stopping and gone."""
    called, seen = Event(), Event()

    def program(runtime: Runtime) -> int:
        assert seen.wait(20)
        while True:
            event = runtime.next()
            called.set()
            runtime.hang() if event.payload == b"hang" else runtime.respond(event, b"1")

    states = []
    sandbox = FakeSandbox(program)
    sandbox.may_start.clear()
    async with entered(sandbox) as environment:
        states.append(environment.state)
        sandbox.may_start.set()
        first = asyncio.create_task(environment.invoke(numbered(1)))
        await asyncio.to_thread(sandbox.started.result, 20)
        await asyncio.sleep(0.1)
        states.append(environment.state)
        seen.set()
        await first
        states.append(environment.state)
        called.clear()
        invoking = asyncio.create_task(environment.invoke(numbered(2, b"hang")))
        assert await asyncio.to_thread(called.wait, 20)
        states.append(environment.state)
        await environment.stop()
        states.append(environment.state)
        await invoking

    assert [state.value for state in states] == ["starting", "initialising", "idle", "busy", "gone"]


async def test_output_of_init_underway_is_shown_before_the_start() -> None:
    """The output of Init is complete before START."""
    sandbox, log = FakeSandbox(follow), RecordingLog()
    sandbox.underway.append(b"late\n")
    async with entered(sandbox) as environment:
        await environment.invoke(numbered(1), log=log)

    assert log.entries[1:3] == ["late\n", "START RequestId: id-1 Version: $LATEST"]


async def test_output_underway_is_shown_before_the_end() -> None:
    """The output of an invocation is complete before END."""
    sandbox, log = FakeSandbox(follow), RecordingLog()
    async with entered(sandbox) as environment:
        await environment.invoke(numbered(1))
        sandbox.underway.append(b"late\n")
        await environment.invoke(numbered(2), log=log)

    assert log.entries[-3:-1] == ["late\n", "END RequestId: id-2"]


async def test_output_between_invocations() -> None:
    """Output between two invocations belongs to the second one, as in Lambda."""
    sandbox = FakeSandbox(follow)
    logs = RecordingLog(), RecordingLog()
    async with entered(sandbox) as environment:
        await environment.invoke(numbered(1), log=logs[0])
        sandbox.output.write(b"from a thread\n")
        await environment.invoke(numbered(2), log=logs[1])

    assert "from a thread\n" not in logs[0].entries
    assert logs[1].entries[:2] == ["START RequestId: id-2 Version: $LATEST", "from a thread\n"]


async def test_output_after_the_last_invocation() -> None:
    """Output after the last invocation is in the environment's log."""
    sandbox, log = FakeSandbox(follow), RecordingLog()
    async with entered(sandbox) as environment:
        await environment.invoke(numbered(1), log=log)
        sandbox.output.write(b"bye\n")
        await environment.stop()

    assert sandbox.log.entries == ["bye\n"]
    assert "bye\n" not in log.entries


async def test_memory_is_that_of_the_environment() -> None:
    """The memory in a report is the peak of the environment, as in Lambda."""
    sandbox = FakeSandbox(follow)
    sandbox.peaks_mb = [30, 90, 40, None]
    async with entered(sandbox) as environment:
        reports = [(await environment.invoke(numbered(each))).report for each in range(4)]

    assert [each.max_memory_used_mb for each in reports] == [30, 90, 90, 90]


async def test_single_invocation_waits_for_no_output_of_init() -> None:
    """A single invocation does not wait for the output of Init, which is shown at the end."""
    sandbox = FakeSandbox(follow)
    sandbox.underway.append(b"of init")
    async with entered(sandbox) as environment:
        await environment.invoke(numbered(1), is_last=True)
    assert "of init" not in sandbox.log.entries


async def test_an_environment_serves_one_tenant() -> None:
    """An invocation of another tenant is refused, and the environment goes on for its own."""
    async with entered(FakeSandbox(follow)) as environment:
        await environment.invoke(replace(numbered(1), tenant_id="blue"))
        for other in ("green", None):
            with pytest.raises(EnvironmentUnusableError, match="serves the tenant `blue`"):
                await environment.invoke(replace(numbered(2), tenant_id=other))
        result = await environment.invoke(replace(numbered(3), tenant_id="blue"), is_last=True)
    assert result.outcome == "success"
