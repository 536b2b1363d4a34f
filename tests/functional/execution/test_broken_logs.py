"""Logs that raise errors: the invocation goes on, and its caller gets the error."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

import samlocal
from samlocal.execution.environment import ExecutionEnvironment
from tests.functional.execution.fakes import FakeSandbox, RecordingLog, configuration, invocation

if TYPE_CHECKING:
    from tests.functional.execution.conftest import Start
    from tests.functional.execution.fakes import Runtime


class BrokenLog:
    """Raises an error from the first text on that contains `word`."""

    def __init__(self, word: str, error: BaseException) -> None:
        self.calls: list[str] = []
        self._word = word
        self._error = error

    def write(self, output: bytes) -> None:
        self.line(output.decode())

    def line(self, text: str) -> None:
        self.calls.append(text)
        if self._word in text:
            raise self._error


def echo(runtime: Runtime) -> int:
    runtime.write("init\n")
    while True:
        event = runtime.next()
        runtime.write("working\n")
        runtime.respond(event, event.payload)


def entered(sandbox: FakeSandbox, log: BrokenLog | RecordingLog) -> ExecutionEnvironment:
    return ExecutionEnvironment(sandbox, configuration(), log=log)


@pytest.mark.parametrize("word", ["init", "START", "working", "REPORT"])
@pytest.mark.parametrize("error", [OSError("no space"), RuntimeError("mine"), SystemExit(3)])
async def test_error_of_a_log(word: str, error: BaseException) -> None:
    """It is raised as it is after the invocation, the log gets nothing more, and the environment is usable."""
    log = BrokenLog(word, error)
    with FakeSandbox(echo) as sandbox:
        async with entered(sandbox, sandbox.log) as environment:
            with pytest.raises(type(error)) as raised:
                await environment.invoke(invocation(), log=log)
            result = await environment.invoke(invocation())
            await environment.stop()

    assert raised.value is error
    assert [each for each in log.calls if word in each] == log.calls[-1:]
    assert (result.outcome, "working\n" in sandbox.log.entries) == ("success", True)


async def test_log_that_breaks_in_the_last_invocation() -> None:
    """The sandbox is stopped, and the error raised."""
    with FakeSandbox(echo) as sandbox:
        with pytest.raises(OSError, match="no space"):
            async with entered(sandbox, BrokenLog("init", OSError("no space"))) as environment:
                await environment.invoke(invocation(), is_last=True)
        assert sandbox.stopped.is_set()


async def test_log_that_breaks_after_the_last_invocation() -> None:
    """Leaving the environment raises the error of its own log."""
    with FakeSandbox(echo) as sandbox:
        environment = entered(sandbox, BrokenLog("late", OSError("no space")))
        await environment.__aenter__()
        await environment.invoke(invocation(), log=RecordingLog())
        sandbox.output.write(b"late\n")
        await environment.stop()
        with pytest.raises(OSError, match="no space"):
            await environment.__aexit__(None, None, None)


def test_function_whose_log_breaks(
    start: Start,
) -> None:
    """The invocation raises the error, and the next one runs in the same environment."""
    broken = BrokenLog("START", OSError("no space"))
    with start(samlocal.LogBuffer(), FakeSandbox(echo)) as function:
        with pytest.raises(OSError, match="no space"):
            function.invoke(log=broken)
        result = function.invoke({"stars": 5})

    assert (result.payload, result.report.init_duration_ms) == (b'{"stars": 5}', None)


@pytest.mark.parametrize("underway", [None, KeyError("mine")])
def test_function_whose_log_breaks_at_the_end(
    start: Start,
    underway: Exception | None,
) -> None:
    """Leaving the block raises the error of the log, unless another one is on its way."""
    error = OSError("no space")
    sandbox = FakeSandbox(echo)
    function = start(BrokenLog("late", error), sandbox).__enter__()
    function.invoke(log=samlocal.LogBuffer())
    sandbox.output.write(b"late\n")
    with pytest.raises(OSError, match="no space") if underway is None else nullcontext():
        function.__exit__(underway and type(underway), underway, None)
