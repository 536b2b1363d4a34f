"""Responses of invocations on their way to a sink, against runtimes that really call the Runtime API."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import EngineError
from tests.functional.execution.fakes import (
    FakeSandbox,
    answer_nothing,
    echo,
    entered,
    invocation,
)
from tests.functional.execution.sinks import RecordingSink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.functional.execution.fakes import Runtime

STREAMING = {"Lambda-Runtime-Function-Response-Mode": "streaming", "Content-Type": "text/plain"}


async def test_buffered_response_comes_before_the_end_of_the_invocation() -> None:
    """The sink has the response while the runtime has not called `next` again, and before END."""
    may_go_on = Event()

    def program(runtime: Runtime) -> int:
        runtime.respond(runtime.next(), b'"hey"')
        assert may_go_on.wait(20)
        runtime.next()
        return 0

    sandbox, sink = FakeSandbox(program), RecordingSink()
    async with entered(sandbox) as environment:
        invoking = asyncio.create_task(environment.invoke(invocation(), response=sink))
        assert await sink.ended is None
        assert not any(each.startswith("END") for each in sandbox.log.entries)
        may_go_on.set()
        result = await invoking
    assert (sink.body, result.payload) == (b'"hey"', b'"hey"')
    assert any(each.startswith("END") for each in sandbox.log.entries)


async def test_streamed_response_comes_while_the_function_runs() -> None:
    """The sink has the first part before the function writes the second; the result has no payload."""
    may_go_on = Event()

    def parts() -> Iterator[bytes]:
        yield b"one "
        assert may_go_on.wait(20)
        yield b"two"

    def program(runtime: Runtime) -> int:
        runtime.respond(runtime.next(), parts(), STREAMING)
        runtime.next()
        return 0

    sink = RecordingSink()
    async with entered(FakeSandbox(program)) as environment:
        invoking = asyncio.create_task(environment.invoke(invocation(), response=sink))
        await sink.received(b"one ")
        may_go_on.set()
        result = await invoking
    assert sink.begun.result() == ("text/plain", "streaming")
    assert (sink.body, sink.ended.result()) == (b"one two", None)
    assert (result.outcome, result.payload, result.content_type) == ("success", b"", "text/plain")


class BreakingOff(FakeSandbox):
    """Streams half of a response, and nothing more; it ends when it is killed."""

    def __init__(self) -> None:
        super().__init__(self._stream)

    def _stream(self, runtime: Runtime) -> int:
        runtime.respond(runtime.next(), self._half(runtime), STREAMING)
        return 0

    def _half(self, runtime: Runtime) -> Iterator[bytes]:
        yield b"half"
        runtime.hang()
        raise OSError("the connection broke")


async def test_timeout_in_the_middle_of_a_stream() -> None:
    """What came before the timeout stays, and the timeout is the end of the response."""
    sandbox, sink = BreakingOff(), RecordingSink()
    async with entered(sandbox, timeout_seconds=0.5) as environment:
        result = await environment.invoke(invocation(), response=sink)
    error = sink.ended.result()
    assert (result.outcome, sink.body) == ("timeout", b"half")
    assert error is not None
    assert (error.type, error) == ("Sandbox.Timedout", result.error)


async def test_timeout_while_the_sink_waits() -> None:
    """A sink that takes nothing does not keep the runtime from being killed at its timeout."""
    sandbox, sink = BreakingOff(), RecordingSink()
    sink.may_write.clear()
    async with entered(sandbox, timeout_seconds=0.3) as environment:
        invoking = asyncio.create_task(environment.invoke(invocation(), response=sink))
        await sink.begun
        assert await asyncio.to_thread(sandbox.runtimes[0].killed.wait, 20)
        assert not invoking.done()
        sink.may_write.set()
        result = await invoking
    assert result.outcome == "timeout"
    assert sink.ended.result() == result.error


@pytest.mark.parametrize("breaks_first", [True, False])
@pytest.mark.parametrize("headers", [STREAMING, {}], ids=["streamed", "buffered"])
async def test_crash_in_the_middle_of_a_response(
    headers: dict[str, str], *, breaks_first: bool
) -> None:
    """What came before the crash stays, and the outcome is the same whether the connection or the exit is seen first."""
    exited = Event()

    def respond(runtime: Runtime) -> None:
        def half() -> Iterator[bytes]:
            yield b"half"
            if not breaks_first:
                assert exited.wait(20)
                time.sleep(0.2)
            raise OSError("the connection broke")

        with suppress(OSError):
            runtime.respond(runtime.next(), half(), headers)

    def program(runtime: Runtime) -> int:
        answering = Thread(target=respond, args=(runtime,))
        answering.start()
        if breaks_first:
            answering.join()
            time.sleep(0.2)
        else:
            time.sleep(0.2)
            exited.set()
        return 7

    sink = RecordingSink()
    async with entered(FakeSandbox(program)) as environment:
        result = await environment.invoke(invocation(), response=sink)
    assert result.error is not None
    assert (result.outcome, result.error.type) == ("failure", "Runtime.TruncatedResponse")
    assert "exit status 7" in result.error.message
    assert (result.report.status, result.report.error_type) == ("error", "Runtime.ExitError")
    assert sink.body == (b"half" if headers else result.payload)
    assert sink.ended.result() == result.error


async def test_broken_response_of_a_runtime_that_goes_on() -> None:
    """A runtime that does not end with its connection has answered with an error."""

    def half() -> Iterator[bytes]:
        yield b"half"
        raise OSError("the connection broke")

    def program(runtime: Runtime) -> int:
        with suppress(OSError):
            runtime.respond(runtime.next(), half(), STREAMING)
        # It is refused as long as the broken connection has not been noticed.
        while runtime.call("GET", "/2018-06-01/runtime/invocation/next")[0] != 200:
            time.sleep(0.01)
        return 0

    sink = RecordingSink()
    async with entered(FakeSandbox(program)) as environment:
        result = await environment.invoke(invocation(), response=sink)
    assert result.error is not None
    assert (result.outcome, result.error.type) == ("error", "Runtime.TruncatedResponse")
    assert result.report.status == "success"
    assert sink.ended.result() == result.error


@pytest.mark.parametrize(
    ("program", "kind"),
    [
        pytest.param(answer_nothing, "Sandbox.Timedout", id="timeout"),
        pytest.param(lambda _: 7, "Runtime.ExitError", id="exit in Init"),
        pytest.param(lambda runtime: bool(runtime.next()) * 7, "Runtime.ExitError", id="exit"),
        pytest.param(
            lambda runtime: runtime.fail_init(b'{"errorType": "Runtime.ImportModuleError"}') or 1,
            "Runtime.ImportModuleError",
            id="error in Init",
        ),
    ],
)
async def test_invocation_without_a_response(program: object, kind: str) -> None:
    """The sink gets Lambda's own answer, as a buffered response."""
    sink = RecordingSink()
    sandbox = FakeSandbox(program)  # type: ignore[arg-type]  # a program
    async with entered(sandbox, timeout_seconds=0.5) as environment:
        result = await environment.invoke(invocation(), response=sink)
    error = sink.ended.result()
    assert error is not None
    assert error.type == kind
    assert sink.begun.result() == ("application/json", "buffered")
    assert (sink.body, json.loads(sink.body)["errorType"]) == (result.payload, kind)


async def test_sink_that_fails() -> None:
    """The invocation runs to its end and raises the sink's error; the next one is not concerned."""
    sandbox = FakeSandbox(echo)
    async with entered(sandbox) as environment:
        with pytest.raises(OSError, match="no space"):
            await environment.invoke(
                invocation(), response=RecordingSink(broken=OSError("no space"))
            )
        assert sandbox.log.entries[-1].startswith("REPORT")
        result = await environment.invoke(invocation(b"2", request_id="id-2"))
    assert result.payload == b"2"


async def test_sandbox_that_is_lost() -> None:
    """If the invocation raises an error, the response has no end."""

    def program(runtime: Runtime) -> int:
        runtime.next()
        return 0

    sink = RecordingSink()
    async with entered(FakeSandbox(program, dies=EngineError("it went away"))) as environment:
        with pytest.raises(EngineError, match="it went away"):
            await environment.invoke(invocation(), response=sink)
    assert not sink.ended.done()
