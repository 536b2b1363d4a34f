"""Several invocations at once in one execution environment, against workers that really call it."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from http.client import HTTPException
from threading import Barrier, Event, Thread
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import EngineError, EnvironmentBusyError, EnvironmentUnusableError
from samlocal.execution.environment import EnvironmentState, ExecutionEnvironment
from samlocal.execution.environments import new_environment
from tests.functional.execution.fakes import (
    FakeSandbox,
    RecordingLog,
    configuration,
    numbered,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.invocation import Invocation, InvocationResult
    from tests.functional.execution.fakes import (
        ExternalExtension,
        Program,
        Received,
        Runtime,
    )

MAX_CONCURRENCY = 3
SECONDS = 20


def managed(*, timeout_seconds: float = 10) -> FunctionConfiguration:
    return replace(
        configuration(timeout_seconds=timeout_seconds),
        initialization_type="lambda-managed-instances",
        max_concurrency=MAX_CONCURRENCY,
        log_format="JSON",
    )


@asynccontextmanager
async def entered(
    sandbox: FakeSandbox, *, timeout_seconds: float = 10
) -> AsyncIterator[ExecutionEnvironment]:
    """Return an environment in a sandbox, with the sandbox's log."""
    chosen = managed(timeout_seconds=timeout_seconds)
    with sandbox:
        async with new_environment(sandbox, chosen, log=sandbox.log) as environment:
            yield environment


def workers(act: Callable[[Runtime, Received], None], number: int = MAX_CONCURRENCY) -> Program:
    """Return the program of a runtime whose workers act on each event; `exit` ends all of them."""

    def program(runtime: Runtime) -> int:
        statuses: list[int] = []

        def work() -> None:
            with suppress(OSError, HTTPException, KeyError):  # it was killed
                while True:
                    event = runtime.next()
                    if event.payload.strip(b'"') == b"exit":
                        statuses.append(7)
                        runtime.process.killed.set()
                        return
                    act(runtime, event)

        for _ in range(number):
            Thread(target=work, daemon=True).start()
        runtime.hang()
        return statuses[0] if statuses else 0

    return program


def echo(runtime: Runtime, event: Received) -> None:
    runtime.write(f"{event.request_id}\n")
    runtime.respond(event, event.payload)


class Room:
    """Answers `together` when so many workers have it, and `wait` when the test says so."""

    def __init__(self, number: int = MAX_CONCURRENCY) -> None:
        self.barrier = Barrier(number, timeout=SECONDS)
        self.waiting = Event()
        self.goes_on = Event()

    def __call__(self, runtime: Runtime, event: Received) -> None:
        if event.payload.strip(b'"') == b"together":
            self.barrier.wait()
        if event.payload.strip(b'"') == b"wait":
            self.waiting.set()
            assert self.goes_on.wait(SECONDS)
        echo(runtime, event)


async def all_of(
    environment: ExecutionEnvironment, *invocations: Invocation
) -> list[InvocationResult]:
    return await asyncio.gather(*(environment.invoke(each) for each in invocations))


async def reached(event: Event) -> None:
    assert await asyncio.to_thread(event.wait, SECONDS)


def records(log: RecordingLog, type_: str) -> list[dict[str, object]]:
    lines = [json.loads(each) for each in log.entries if each.startswith("{")]
    return [each["record"] for each in lines if each["type"] == type_]


async def test_several_invocations_at_once() -> None:
    """They run at the same time, again and again, after one Init."""
    sandbox = FakeSandbox(workers(Room()))
    async with entered(sandbox) as environment:
        for _ in range(2):
            results = await all_of(environment, *(numbered(n, b"together") for n in range(3)))
            assert [each.payload for each in results] == [b"together"] * 3
    assert len(sandbox.runtimes) == 1
    assert sandbox.inits_ended == 1


async def test_ordinary_functions_have_the_ordinary_environment() -> None:
    """Only a function on managed instances has an environment for several invocations."""
    with FakeSandbox(workers(echo)) as sandbox:
        ordinary = new_environment(sandbox, configuration(), log=sandbox.log)
    assert type(ordinary) is ExecutionEnvironment


async def test_one_invocation_too_many() -> None:
    """An environment refuses more invocations than its limit, and goes on with those that it has."""
    room = Room()
    async with entered(FakeSandbox(workers(room))) as environment:
        await environment.invoke(numbered(0))
        states = [environment.state]
        running = [asyncio.create_task(environment.invoke(numbered(n, b"wait"))) for n in range(3)]
        await reached(room.waiting)
        states.append(environment.state)
        with pytest.raises(EnvironmentBusyError, match="busy with 3 invocations"):
            await environment.invoke(numbered(4))
        room.goes_on.set()
        assert [each.outcome for each in await asyncio.gather(*running)] == ["success"] * 3
        states.append(environment.state)
    assert [each.value for each in states] == ["idle", "busy", "idle"]


async def test_request_id_that_is_running() -> None:
    """Answers are matched by request ID: a second invocation with the same one is refused."""
    room = Room()
    async with entered(FakeSandbox(workers(room))) as environment:
        running = asyncio.create_task(environment.invoke(numbered(1, b"wait")))
        await reached(room.waiting)
        with pytest.raises(EnvironmentBusyError, match="`id-1` is running already"):
            await environment.invoke(numbered(1))
        room.goes_on.set()
        assert (await running).outcome == "success"


async def test_lines_about_an_invocation() -> None:
    """A log has start and report of each invocation as JSON; the report states only the duration."""
    sandbox = FakeSandbox(workers(echo))
    async with entered(sandbox) as environment:
        result = await environment.invoke(numbered(1, b"1"))

    assert [each["requestId"] for each in records(sandbox.log, "platform.start")] == ["id-1"]
    assert records(sandbox.log, "platform.runtimeDone") == []
    (report,) = records(sandbox.log, "platform.report")
    assert report["metrics"] == {"durationMs": pytest.approx(result.report.duration_ms, abs=0.001)}
    assert [each.name for each in result.report.spans] == ["responseLatency", "responseDuration"]
    assert '"type":"platform.report"' in sandbox.log.entries[-1]
    assert sandbox.log.entries[-2] == "id-1\n"


async def test_log_of_an_invocation() -> None:
    """An invocation's own log has the lines about it; all output is in the environment's."""
    sandbox, log = FakeSandbox(workers(echo)), RecordingLog()
    async with entered(sandbox) as environment:
        await environment.invoke(numbered(1), log=log)

    assert len(log.entries) == len(records(log, "platform.start") + records(log, "platform.report"))
    assert [each for each in sandbox.log.entries if not each.startswith("{")] == ["id-1\n"]


async def test_only_the_first_report_has_init() -> None:
    """Invocations that share an Init do not all state it."""
    async with entered(FakeSandbox(workers(Room()))) as environment:
        results = await all_of(environment, *(numbered(n, b"together") for n in range(3)))
    durations = [each.report.init_duration_ms for each in results]
    assert [each is None for each in durations] == [False, True, True]
    assert [[phase.name for phase in each.phases] for each in results] == [
        ["init", "invoke"],
        ["invoke"],
        ["invoke"],
    ]


async def test_timeout_of_one_invocation() -> None:
    """Its caller has the timeout, the others go on, and so does its worker, whose answer is refused."""
    room = Room(2)
    refused: list[int] = []

    def act(runtime: Runtime, event: Received) -> None:
        if event.payload != b"late":
            room(runtime, event)
            return
        room.goes_on.wait(SECONDS)
        path = f"/2018-06-01/runtime/invocation/{event.request_id}/response"
        refused.append(runtime.call("POST", path, b"late")[0])
        room.waiting.set()

    sandbox = FakeSandbox(workers(act))
    async with entered(sandbox, timeout_seconds=0.5) as environment:
        late = asyncio.create_task(environment.invoke(numbered(1, b"late")))
        others = await all_of(environment, numbered(2, b"together"), numbered(3, b"together"))
        result = await late
        room.goes_on.set()
        await reached(room.waiting)
        after = await environment.invoke(numbered(4))

    assert [each.outcome for each in (*others, after)] == ["success"] * 3
    assert (result.outcome, result.report.status) == ("timeout", "timeout")
    assert result.report.duration_ms == pytest.approx(500)
    assert (refused, len(sandbox.runtimes)) == ([410], 1)


async def test_no_worker_is_free() -> None:
    """An invocation that no worker takes fails after the function's timeout, and the error says why."""
    room = Room()
    sandbox = FakeSandbox(workers(room))
    async with entered(sandbox, timeout_seconds=0.3) as environment:
        await all_of(environment, *(numbered(n, b"together") for n in range(3)))
        await all_of(environment, *(numbered(n, b"wait") for n in range(3)))
        result = await environment.invoke(numbered(4))
        room.goes_on.set()

    assert result.outcome == "timeout"
    assert result.error
    assert result.error.hint
    assert "no worker of the runtime was free" in result.error.hint


async def test_invocation_waits_for_a_worker_that_starts() -> None:
    """Workers may start one after the other: the time of an invocation begins with its worker."""
    starts = Event()
    deadlines: dict[str, int] = {}

    def program(runtime: Runtime) -> int:
        def work() -> None:
            with suppress(OSError, HTTPException, KeyError):  # it was killed
                event = runtime.next()
                deadlines[event.request_id] = int(event.headers["lambda-runtime-deadline-ms"])
                if event.request_id == "id-1":
                    starts.wait(SECONDS)
                echo(runtime, event)

        Thread(target=work, daemon=True).start()
        starts.wait(SECONDS)
        Thread(target=work, daemon=True).start()
        runtime.hang()
        return 0

    async with entered(FakeSandbox(program), timeout_seconds=0.4) as environment:
        first = asyncio.create_task(environment.invoke(numbered(1)))
        second = asyncio.create_task(environment.invoke(numbered(2)))
        assert (await first).outcome == "timeout"
        assert not second.done()
        starts.set()
        assert (await second).outcome == "success"

    assert deadlines["id-2"] - deadlines["id-1"] >= 400 * 0.9


async def test_runtime_that_ends() -> None:
    """All running invocations fail, and the next one starts the runtime again in the same sandbox."""
    room = Room()
    sandbox = FakeSandbox(workers(room))
    async with entered(sandbox) as environment:
        waits = asyncio.create_task(environment.invoke(numbered(1, b"wait")))
        await reached(room.waiting)
        exits = await environment.invoke(numbered(2, b"exit"))
        results = [await waits, exits, *await all_of(environment, numbered(3), numbered(4))]
        room.goes_on.set()

    assert [each.outcome for each in results] == ["failure", "failure", "success", "success"]
    assert [each.error and each.error.message for each in results[:2]] == [
        f"RequestId: id-{number} Error: Runtime exited with error: exit status 7"
        for number in (1, 2)
    ]
    assert len(sandbox.runtimes) == 2


async def test_runtime_that_ends_while_idle() -> None:
    """A runtime that has ended since the last invocation starts again, once for all that follow."""
    sandbox = FakeSandbox(workers(Room()))
    async with entered(sandbox) as environment:
        await environment.invoke(numbered(1))
        sandbox.runtimes[0].kill()
        results = await all_of(environment, *(numbered(n, b"together") for n in range(3)))
    assert [each.outcome for each in results] == ["success"] * 3
    assert len(sandbox.runtimes) == 2


async def test_sandbox_that_cannot_restart() -> None:
    """Where no other runtime can start, the environment is not usable after its end."""
    sandbox = FakeSandbox(workers(echo), can_restart=False)
    async with entered(sandbox) as environment:
        await environment.invoke(numbered(1, b"exit"))
        assert not environment.is_usable
        with pytest.raises(EnvironmentUnusableError):
            await environment.invoke(numbered(2))


async def test_init_that_fails() -> None:
    """All invocations that waited for it have its error; it is tried again for the next one only."""

    def program(runtime: Runtime) -> int:
        if runtime.number == 1:
            runtime.fail_init(b'{"errorType": "ImportError", "errorMessage": "no stars"}')
            return 1
        return workers(echo)(runtime)

    sandbox = FakeSandbox(program)
    async with entered(sandbox) as environment:
        failed = await all_of(environment, numbered(1), numbered(2))
        assert len(sandbox.runtimes) == 1
        result = await environment.invoke(numbered(3))

    assert [each.error and each.error.type for each in failed] == ["ImportError"] * 2
    assert (result.outcome, result.report.init_duration_ms is None) == ("success", False)
    assert [each["phase"] for each in records(sandbox.log, "platform.initReport")] == ["init"] * 2


async def test_extension_that_ends() -> None:
    """An extension gets no invocations; if it crashes, all of them fail."""
    ends = Event()

    def extension(caller: ExternalExtension) -> int:
        caller.register("SHUTDOWN")
        caller.next_in_background()
        ends.wait(SECONDS)
        return 3

    room = Room()
    sandbox = FakeSandbox(workers(room), extensions={"watcher": extension})
    async with entered(sandbox) as environment:
        running = [asyncio.create_task(environment.invoke(numbered(n, b"wait"))) for n in range(2)]
        await reached(room.waiting)
        ends.set()
        results = await asyncio.gather(*running)
        room.goes_on.set()

    assert [each.error and each.error.type for each in results] == ["Extension.Crash"] * 2


async def test_shutdown_of_extensions() -> None:
    """An extension gets SHUTDOWN at the end, and no event before."""
    events: list[object] = []

    def extension(caller: ExternalExtension) -> int:
        caller.register("SHUTDOWN")
        events.append(caller.next()["eventType"])
        return 0

    sandbox = FakeSandbox(workers(Room()), extensions={"watcher": extension})
    async with entered(sandbox) as environment:
        await all_of(environment, *(numbered(n, b"together") for n in range(3)))
        assert events == []
        await environment.stop()
    assert events == ["SHUTDOWN"]


async def test_cancelled_invocation() -> None:
    """One that its caller gives up takes neither the environment nor another invocation along."""
    room = Room()
    async with entered(FakeSandbox(workers(room))) as environment:
        given_up = asyncio.create_task(environment.invoke(numbered(1, b"wait")))
        await reached(room.waiting)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        assert (await environment.invoke(numbered(2))).outcome == "success"
        room.goes_on.set()


async def test_cancelled_while_all_wait_for_init() -> None:
    """Init goes on for the others when the invocation that began it is cancelled."""
    sandbox = FakeSandbox(workers(echo))
    sandbox.may_start.clear()
    async with entered(sandbox) as environment:
        first = asyncio.create_task(environment.invoke(numbered(1)))
        second = asyncio.create_task(environment.invoke(numbered(2)))
        await asyncio.sleep(0)
        first.cancel()
        sandbox.may_start.set()
        assert (await second).outcome == "success"
    assert len(sandbox.runtimes) == 1


async def test_lost_engine() -> None:
    """All running invocations raise its error, and the environment is not usable then."""
    room = Room()
    sandbox = FakeSandbox(workers(room), dies=EngineError("the engine went away"))
    async with entered(sandbox) as environment:
        waits = asyncio.create_task(environment.invoke(numbered(1, b"wait")))
        await reached(room.waiting)
        for ends in (environment.invoke(numbered(2, b"exit")), waits):
            with pytest.raises(EngineError):
                await ends
        assert not environment.is_usable
        room.goes_on.set()


async def test_last_invocation() -> None:
    """After the last invocation the sandbox has ended."""
    sandbox = FakeSandbox(workers(echo))
    async with entered(sandbox) as environment:
        assert (await environment.invoke(numbered(1), is_last=True)).outcome == "success"
        assert sandbox.stopped.is_set()
        assert environment.state is EnvironmentState.GONE
