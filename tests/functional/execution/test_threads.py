"""Invocations of a function on managed instances from several threads, through the library."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

import samlocal
from samlocal.errors import EngineError
from tests.functional.execution.fakes import FakeSandbox
from tests.functional.execution.test_concurrency import SECONDS, Room, workers
from tests.functional.execution.test_given_up import given_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.functional.execution.conftest import Start


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def test_threads_invoke_at_once(start_managed: Start, pool: ThreadPoolExecutor) -> None:
    """Invocations of several threads run at the same time; more than the limit wait for the others."""
    sandbox = FakeSandbox(workers(Room()))
    with start_managed(samlocal.LogBuffer(), sandbox) as function:
        results = list(pool.map(function.invoke, ["together"] * 6))
    assert [each.payload for each in results] == [b'"together"'] * 6
    assert len(sandbox.runtimes) == 1


def test_invocation_given_up(start_managed: Start, pool: ThreadPoolExecutor) -> None:
    """An invocation whose caller stops waiting ends alone, in the environment of the others."""
    room = Room()
    sandbox = FakeSandbox(workers(room))
    with start_managed(samlocal.LogBuffer(), sandbox) as function:
        other = pool.submit(function.invoke, "wait")
        assert room.waiting.wait(SECONDS)
        with given_up():
            function.invoke("wait")
        assert function.invoke("next").payload == b'"next"'
        room.goes_on.set()
        assert other.result(SECONDS).payload == b'"wait"'
    assert len(sandbox.runtimes) == 1


def test_leaving_while_invocations_run(start_managed: Start, pool: ThreadPoolExecutor) -> None:
    """The end of the block ends those that are running and those that wait; each caller is told so."""
    room = Room()
    sandbox = FakeSandbox(workers(room))
    with start_managed(samlocal.LogBuffer(), sandbox) as function:
        calls = [pool.submit(function.invoke, "wait") for _ in range(5)]
        assert room.waiting.wait(SECONDS)
    errors = [each.exception(SECONDS) for each in calls]
    room.goes_on.set()
    assert [str(each) for each in errors] == ["the function is not running"] * 5
    assert sandbox.stopped.is_set()


def test_environment_that_cannot_restart(start_managed: Start, pool: ThreadPoolExecutor) -> None:
    """Invocations that an environment cannot serve any more get the next one."""
    room = Room()
    first, second = (FakeSandbox(workers(room), can_restart=False) for _ in range(2))
    with start_managed(samlocal.LogBuffer(), first, second) as function:
        waits = pool.submit(function.invoke, "wait")
        assert room.waiting.wait(SECONDS)
        exits = function.invoke(payload=b'"exit"')
        result = function.invoke("next")
        room.goes_on.set()
    assert [waits.result(SECONDS).outcome, exits.outcome] == ["failure", "failure"]
    assert result.payload == b'"next"'


def test_error_of_a_callback(start_managed: Start, pool: ThreadPoolExecutor) -> None:
    """It is raised by its own invocation only."""

    def fail(_chunk: bytes) -> None:
        raise OSError("no space")

    with start_managed(samlocal.LogBuffer(), FakeSandbox(workers(Room()))) as function:
        others = [pool.submit(function.invoke, "together") for _ in range(2)]
        with pytest.raises(OSError, match="no space"):
            function.invoke("together", on_chunk=fail)
        assert [each.result(SECONDS).outcome for each in others] == ["success"] * 2


def test_sandbox_that_cannot_start(start_managed: Start) -> None:
    """Each caller gets the error, and the function goes on with another sandbox."""
    broken = FakeSandbox(workers(Room()), failure=EngineError("no engine"))
    with start_managed(samlocal.LogBuffer(), broken, FakeSandbox(workers(Room()))) as function:
        with pytest.raises(EngineError, match="no engine"):
            function.invoke()
        assert function.invoke("next").payload == b'"next"'


def test_tenants(start_for_tenants: Start, pool: ThreadPoolExecutor) -> None:
    """Invocations of one tenant share an environment; one of another tenant waits for the next one."""
    room = Room()
    first, second = (FakeSandbox(workers(room)) for _ in range(2))
    with start_for_tenants(samlocal.LogBuffer(), first, second) as function:
        blue = pool.submit(function.invoke, "wait", tenant_id="blue")
        assert room.waiting.wait(SECONDS)
        green = pool.submit(function.invoke, "next", tenant_id="green")
        room.goes_on.set()
        assert [each.result(SECONDS).outcome for each in (blue, green)] == ["success"] * 2
    assert [len(each.runtimes) for each in (first, second)] == [1, 1]
