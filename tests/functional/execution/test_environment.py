"""An execution environment through its phases, against runtimes that really call it."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import threading
import time
from contextlib import suppress
from dataclasses import replace
from threading import Thread, Timer
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import EngineError, HostNotReachableError
from samlocal.execution import environment as environment_module
from samlocal.execution import init_phase, programs
from samlocal.execution.environment import ExecutionEnvironment
from tests.functional.execution.fakes import (
    FakeSandbox,
    Received,
    answer_nothing,
    configuration,
    echo,
    invocation,
)
from tests.functional.execution.series import run_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.invocation import InvocationResult
    from tests.functional.execution.fakes import Runtime


class Moments:
    """Times of events that bound the measured durations, on a machine of any speed."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def note(self, *names: str) -> None:
        """Say that these happen now, unless they have happened before."""
        for name in names:
            self._seconds.setdefault(name, time.monotonic())

    def ms(self, since: str, until: str) -> float:
        return (self._seconds[until] - self._seconds[since]) * 1000


def run(
    sandbox: FakeSandbox,
    *,
    payload: bytes = b"{}",
    timeout_seconds: float = 5,
    on_interrupt: Callable[[Callable[[], None]], None] = lambda _stop: None,
) -> InvocationResult | None:
    with sandbox:
        return run_once(
            sandbox,
            configuration(timeout_seconds=timeout_seconds),
            invocation(payload),
            on_interrupt=on_interrupt,
        )


def result_of(sandbox: FakeSandbox, *, timeout_seconds: float = 5) -> InvocationResult:
    result = run(sandbox, timeout_seconds=timeout_seconds)
    assert result is not None
    return result


def ask_nothing(runtime: Runtime) -> int:
    runtime.hang()
    return 0


def test_success() -> None:
    """The answer is the result, and the log is in Lambda's order."""
    sandbox = FakeSandbox(echo)
    result = run(sandbox, payload=b'{"message": "hey"}')

    assert result is not None
    assert (result.outcome, result.payload, result.error) == (
        "success",
        b'{"message": "hey"}',
        None,
    )
    start, output, end, report = sandbox.log.entries
    assert (start, output) == ("START RequestId: id-1 Version: $LATEST", "working\n")
    assert (end, report) == ("END RequestId: id-1", str(result.report))
    assert result.report.max_memory_used_mb == 42
    assert sandbox.stopped.is_set()


def test_durations_are_true() -> None:
    """Init lasts until the first call of `next`, the invocation until the following call."""
    moments = Moments()

    def program(runtime: Runtime) -> int:
        moments.note("started")
        time.sleep(0.1)
        moments.note("asks")
        event = runtime.next()
        moments.note("received")
        time.sleep(0.1)
        runtime.respond(event, b"1")
        time.sleep(0.1)
        moments.note("asks again")
        runtime.next()
        return 0

    moments.note("before")
    report = result_of(FakeSandbox(program)).report
    moments.note("after")

    assert report.init_duration_ms is not None
    assert moments.ms("started", "asks") <= report.init_duration_ms
    assert report.init_duration_ms <= moments.ms("before", "received")
    assert moments.ms("received", "asks again") <= report.duration_ms
    assert report.duration_ms <= moments.ms("asks", "after")


def test_sandbox_gets_the_end_of_init() -> None:
    """The sandbox gets the end of a successful Init, to limit the CPU."""
    succeeding, failing = FakeSandbox(echo), FakeSandbox(lambda _: 7)
    run(succeeding)
    run(failing)
    assert (succeeding.inits_ended, failing.inits_ended) == (1, 0)


def test_error_of_the_function() -> None:
    """An error of the function is the result, and a success for the platform."""
    body = b'{"errorMessage": "no stars", "errorType": "ValueError"}'

    def program(runtime: Runtime) -> int:
        runtime.fail(runtime.next(), body)
        runtime.next()
        return 0

    result = result_of(FakeSandbox(program))

    assert (result.outcome, result.payload) == ("error", body)
    assert result.error is not None
    assert result.error.type == "ValueError"
    assert (result.report.status, result.report.error_type) == ("success", None)


def test_streamed_response() -> None:
    """A streamed response is one payload, with its own content type."""

    def program(runtime: Runtime) -> int:
        headers = {
            "Lambda-Runtime-Function-Response-Mode": "streaming",
            "Content-Type": "text/event-stream",
        }
        runtime.respond(runtime.next(), iter([b"one\n", b"two\n"]), headers)
        runtime.next()
        return 0

    result = result_of(FakeSandbox(program))

    assert (result.outcome, result.payload) == ("success", b"one\ntwo\n")
    assert result.content_type == "text/event-stream"


def test_error_in_init() -> None:
    """An error in Init is the result, and the function is not invoked."""
    body = b'{"errorMessage": "No module named app", "errorType": "Runtime.ImportModuleError"}'

    def program(runtime: Runtime) -> int:
        runtime.fail_init(body, "Runtime.ImportModuleError")
        return 1

    sandbox = FakeSandbox(program)
    result = result_of(sandbox)

    assert (result.outcome, result.payload) == ("failure", body)
    assert (result.report.status, result.report.error_type) == (
        "error",
        "Runtime.ImportModuleError",
    )
    assert result.report.init_duration_ms is None
    assert re.fullmatch(
        r"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: init\tStatus: error"
        r"\tError Type: Runtime\.ImportModuleError",
        sandbox.log.entries[0],
    )


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        pytest.param(0, "Runtime exited without providing a reason", id="0"),
        pytest.param(3, "Runtime exited with error: exit status 3", id="3"),
        pytest.param(-11, "Runtime exited with error: signal: segmentation fault", id="SIGSEGV"),
        pytest.param(-34, "Runtime exited with error: signal: 34", id="real-time signal"),
    ],
)
def test_exit_before_the_first_event(status: int, reason: str) -> None:
    """A runtime that exits in Init runs once more, and is a failure then, with all its output in the log."""

    def program(runtime: Runtime) -> int:
        runtime.write("dying\n")
        return status

    sandbox = FakeSandbox(program)
    result = result_of(sandbox)

    assert result.outcome == "failure"
    assert json.loads(result.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: id-1 Error: {reason}",
    }
    first, report, second, report_again, *end = sandbox.log.entries
    assert (first, second) == ("dying\n", "dying\n")
    assert "\tPhase: init\tStatus: error\tError Type: Runtime.ExitError" in report
    assert "\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError" in report_again
    assert end[:2] == ["START RequestId: id-1 Version: $LATEST", "END RequestId: id-1"]


def test_runtime_that_has_ended_already() -> None:
    """A runtime that starts with its sandbox, and ends before anyone asks for it, has run Init; its output follows the event."""

    def program(runtime: Runtime) -> int:
        runtime.write("dying\n")
        return 3

    sandbox = FakeSandbox(program)
    with sandbox:
        sandbox.start_early(5)
        run_once(sandbox, replace(configuration(), log_format="JSON"), invocation())

    assert len(sandbox.runtimes) == 2
    kinds = [
        "dying" if each == "dying\n" else json.loads(each)["type"] for each in sandbox.log.entries
    ]
    init = ["platform.initStart", "dying", "platform.initRuntimeDone", "platform.initReport"]
    assert kinds[: 2 * len(init)] == init * 2


@pytest.mark.parametrize("status", [None, 3])
def test_output_comes_before_the_events_that_end_it(status: int | None) -> None:
    """What a runtime wrote before it asked for an event, or crashed, is in the log before the event that says so."""

    def program(runtime: Runtime) -> int:
        runtime.process.underway.append(b"starting\n")
        event = runtime.next()
        if status is not None:
            runtime.process.last_words = b"working\n"
            return status
        runtime.process.underway.append(b"working\n")
        runtime.respond(event, b"{}")
        runtime.next()
        return 0

    sandbox = FakeSandbox(program)
    own = replace(configuration(), log_format="JSON", system_log_level="DEBUG")
    with sandbox:
        run_once(sandbox, own, invocation())

    kinds = [
        each.strip() if each[0] != "{" else json.loads(each)["type"] for each in sandbox.log.entries
    ]
    assert kinds == [
        "platform.initStart",
        "starting",
        "platform.initRuntimeDone",
        "platform.initReport",
        "platform.start",
        "working",
        "platform.runtimeDone",
        "platform.report",
    ]


def test_exit_in_an_invocation() -> None:
    """A runtime that exits with an event is a failure of that invocation."""

    def program(runtime: Runtime) -> int:
        runtime.next()
        runtime.write("last words")
        return 7

    sandbox = FakeSandbox(program)
    result = result_of(sandbox)

    assert (result.outcome, result.report.error_type) == ("failure", "Runtime.ExitError")
    assert result.report.init_duration_ms is not None
    assert sandbox.log.entries[1:3] == ["last words", "END RequestId: id-1"]


@pytest.mark.parametrize("after", ["the start", "`init/error`", "`next`"])
def test_end_before_the_start(after: str) -> None:
    """An engine may report the start of a short program after its end; no duration is negative."""

    def program(runtime: Runtime) -> int:
        if after == "`init/error`":
            runtime.fail_init(b"{}")
        if after == "`next`":
            runtime.next()
        return 1

    sandbox = FakeSandbox(program, clock_error=10)
    report = str(result_of(sandbox).report)

    assert after != "`next`" or "\tDuration: 0.00 ms\tBilled Duration: 0 ms\t" in report
    assert "-" not in report.removeprefix("REPORT RequestId: id-1")
    assert after == "`next`" or "Init Duration: 0.00 ms" in sandbox.log.entries[0]


def test_exit_after_the_answer() -> None:
    """The answer before an exit is the result; the report says that the runtime has ended."""

    def program(runtime: Runtime) -> int:
        runtime.respond(runtime.next(), b"1")
        return 1

    result = result_of(FakeSandbox(program))
    assert (result.outcome, result.payload) == ("success", b"1")
    assert (result.report.status, result.report.error_type) == ("error", "Runtime.ExitError")


def test_out_of_memory() -> None:
    """A sandbox without memory reports its full memory size, with a hint."""

    def program(runtime: Runtime) -> int:
        runtime.next()
        return -9

    result = result_of(FakeSandbox(program, out_of_memory=True))

    assert result.error is not None
    assert result.error.type == "Runtime.OutOfMemory"
    assert "signal: killed" in result.error.message
    assert result.error.hint == "the function used all of its 128 MB: raise `MemorySize`"
    assert result.report.max_memory_used_mb == 128


def test_timeout() -> None:
    """At the deadline the sandbox is stopped, and the result is Lambda's error."""
    sandbox = FakeSandbox(answer_nothing)
    result = result_of(sandbox, timeout_seconds=0.3)

    assert result.outcome == "timeout"
    assert json.loads(result.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: id-1 Error: Task timed out after 0.30 seconds",
    }
    assert result.report.duration_ms == pytest.approx(300)
    assert "\tStatus: timeout\t" in str(result.report)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z id-1 Task timed out after 0\.30 seconds",
        sandbox.log.entries[-3],
    )
    assert sandbox.stopped.is_set()


def test_exit_just_before_the_timeout_is_not_a_timeout() -> None:
    """An exit just before the deadline is not a timeout, even if it is detected later."""

    def program(runtime: Runtime) -> int:
        runtime.next()
        return 7

    result = result_of(FakeSandbox(program, notices_after=1.5), timeout_seconds=1)

    assert (result.outcome, result.report.error_type) == ("failure", "Runtime.ExitError")
    assert result.report.duration_ms < 1000


def test_runtime_that_answers_and_does_not_call_again() -> None:
    """A runtime that answers but does not call `next` in time has a result; the report says the rest."""

    def program(runtime: Runtime) -> int:
        runtime.respond(runtime.next(), b"1")
        runtime.hang()
        return 0

    sandbox = FakeSandbox(program)
    result = result_of(sandbox, timeout_seconds=0.3)

    assert (result.outcome, result.payload) == ("success", b"1")
    assert (result.report.status, result.report.error_type) == ("timeout", None)
    assert "the runtime answered, but did not call `next` again" in sandbox.log.entries[-3]


def test_runtime_that_answers_and_exits() -> None:
    """A runtime that exits after its answer has a result; the report and the log say the rest."""

    def program(runtime: Runtime) -> int:
        runtime.respond(runtime.next(), b"1")
        return 7

    sandbox = FakeSandbox(program)
    result = result_of(sandbox)

    assert (result.outcome, result.payload) == ("success", b"1")
    assert (result.report.status, result.report.error_type) == ("error", "Runtime.ExitError")
    assert sandbox.log.entries[-3].endswith(
        "id-1 Failed after the response: Runtime exited with error: exit status 7"
    )


@pytest.mark.usefixtures("short_init")
def test_init_that_takes_too_long_runs_again_in_the_invocation() -> None:
    """After ten seconds Init is ended, and runs again as a part of the first invocation."""
    moments = Moments()

    def program(runtime: Runtime) -> int:
        if runtime.number == 1:
            runtime.hang()
            return 0
        moments.note("started again")
        time.sleep(0.3)
        moments.note("asks")
        return echo(runtime)

    sandbox = FakeSandbox(program)
    moments.note("before")
    result = result_of(sandbox)
    moments.note("after")

    assert result.outcome == "success"
    assert sandbox.log.entries[0] == (
        "INIT_REPORT Init Duration: 200.00 ms\tPhase: init\tStatus: timeout"
    )
    assert [each.killed.is_set() for each in sandbox.runtimes] == [True, True]
    assert result.report.init_duration_ms is None
    assert moments.ms("started again", "asks") <= result.report.duration_ms
    assert result.report.duration_ms <= moments.ms("before", "after") - 200


@pytest.mark.usefixtures("short_init")
def test_second_init_uses_up_the_timeout() -> None:
    """The second Init and the invocation together have the timeout of the function."""

    def program(runtime: Runtime) -> int:
        if runtime.number == 1:
            runtime.hang()
        time.sleep(0.4)
        runtime.next()
        runtime.hang()
        return 0

    result = result_of(FakeSandbox(program), timeout_seconds=0.5)

    assert result.outcome == "timeout"
    assert result.report.metrics["durationMs"] == 500
    assert result.report.billed_duration_ms == 500


@pytest.mark.usefixtures("short_init")
def test_sandbox_that_cannot_restart() -> None:
    """A runtime that cannot start again has the time of both Inits, and fails once."""
    sandbox = FakeSandbox(lambda _runtime: 3, can_restart=False)
    result = result_of(sandbox)
    assert (result.outcome, result.report.error_type) == ("failure", "Runtime.ExitError")
    assert [entry.partition(" ")[0] for entry in sandbox.log.entries] == [
        "INIT_REPORT",
        "START",
        "END",
        "REPORT",
    ]


@pytest.fixture
def short_init(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the time of Init, and the wait for the first call."""
    monkeypatch.setattr(environment_module, "INIT_SECONDS", 0.2)
    monkeypatch.setattr(init_phase, "_CONTACT_SECONDS", 0.05)


@pytest.mark.usefixtures("short_init")
def test_connection_of_a_runtime_that_has_called_is_not_tested() -> None:
    """The connection of a runtime that has called is not tested."""

    def program(runtime: Runtime) -> int:
        with suppress(KeyError):
            runtime.fail(Received(request_id="none", payload=b"", headers={}), b"{}")
        time.sleep(0.1)
        return echo(runtime)

    assert result_of(FakeSandbox(program, reaches=False)).outcome == "success"


def test_end_that_is_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the end of the sandbox is not reported, the invocation ends at the deadline."""
    monkeypatch.setattr(programs, "_EXIT_SECONDS", 0.05)

    def program(runtime: Runtime) -> int:
        runtime.next()
        return 7

    result = result_of(FakeSandbox(program, notices_after=20), timeout_seconds=0.2)
    assert result.outcome == "timeout"


async def test_client_that_connects_before_the_start() -> None:
    """A client that connects before the start waits, and is then served."""
    sandbox = FakeSandbox(ask_nothing)
    sandbox.may_start.clear()
    with sandbox:
        async with (
            asyncio.timeout(20),
            ExecutionEnvironment(sandbox, configuration(), log=sandbox.log),
        ):
            reader, writer = await asyncio.open_connection(
                *sandbox.listening.result().getsockname()
            )
            writer.write(b"GET /2018-06-01/ping HTTP/1.0\r\n\r\n")
            await asyncio.sleep(0.1)
            sandbox.may_start.set()
            assert (await reader.read()).endswith(b"pong")
            writer.close()


@pytest.mark.parametrize("reaches", [True, None], ids=["it could call", "nobody knows"])
@pytest.mark.usefixtures("short_init")
def test_runtime_that_never_calls(reaches: bool | None) -> None:  # noqa: FBT001  # a parameter
    """A runtime that can reach the API but never calls is a timeout."""
    result = result_of(FakeSandbox(ask_nothing, reaches=reaches), timeout_seconds=0.2)
    assert result.outcome == "timeout"
    assert result.report.duration_ms == pytest.approx(200)


@pytest.mark.usefixtures("short_init")
def test_runtime_that_cannot_reach_the_api() -> None:
    """A runtime that cannot reach the API is an error with a hint about firewalls."""
    with pytest.raises(HostNotReachableError) as caught:
        run(FakeSandbox(ask_nothing, reaches=False))
    assert "firewall" in (caught.value.hint or "")


@pytest.mark.usefixtures("short_init")
def test_other_peers_are_not_served() -> None:
    """A client from another address than the sandbox's gets no event."""
    sandbox = FakeSandbox(echo, peers=frozenset({"127.0.0.2"}))
    result = result_of(sandbox, timeout_seconds=0.2)

    assert result.outcome == "failure"
    assert "working\n" not in sandbox.log.entries


def test_sandbox_that_cannot_start() -> None:
    """The caller gets the error of a sandbox that cannot start."""
    with pytest.raises(EngineError, match="the engine refused"):
        run(FakeSandbox(echo, failure=EngineError("the engine refused")))


def test_sandbox_that_is_lost() -> None:
    """A lost engine is an error, not a result of the function."""

    def program(runtime: Runtime) -> int:
        runtime.next()
        return 0

    with pytest.raises(EngineError, match="went away"):
        run(FakeSandbox(program, dies=EngineError("the engine went away")))


def test_interrupt() -> None:
    """An interrupted invocation has no result."""
    stopped = run(
        FakeSandbox(answer_nothing),
        timeout_seconds=20,
        on_interrupt=lambda stop: Timer(0.2, stop).start(),
    )

    assert stopped is None


def test_signal_that_another_thread_receives() -> None:
    """A signal to another thread is handled at once."""
    detected: list[str] = []
    stops: list[Callable[[], None]] = []

    def handle(*_: object) -> None:
        detected.append("signal")
        stops[0]()

    def send() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    def on_interrupt(stop: Callable[[], None]) -> None:
        stops.append(stop)
        Timer(0.2, send).start()

    later = Timer(15, detected.append, ["later"])
    handler = signal.signal(signal.SIGUSR1, handle)
    later.start()
    try:
        stopped = run(FakeSandbox(answer_nothing), timeout_seconds=60, on_interrupt=on_interrupt)
    finally:
        signal.signal(signal.SIGUSR1, handler)
        later.cancel()
    assert (stopped, detected) == (None, ["signal"])


def test_invocation_in_another_thread() -> None:
    """A function can be invoked in another thread than the main thread."""
    results: list[InvocationResult] = []
    thread = Thread(target=lambda: results.append(result_of(FakeSandbox(echo))))
    thread.start()
    thread.join()
    assert [result.outcome for result in results] == ["success"]


def test_interrupt_before_the_start() -> None:
    """An interrupt before the first step is not lost."""
    assert run(FakeSandbox(ask_nothing), on_interrupt=lambda stop: stop()) is None


def test_start_after_an_interrupt() -> None:
    """A runtime that the engine still starts complains about an API that is gone: nobody sees it."""
    sandbox = FakeSandbox(ask_nothing)
    sandbox.may_start.clear()
    stopped = run(sandbox, on_interrupt=lambda stop: Timer(0.2, stop).start())

    sandbox.output.write(b"Failed to get next")
    assert (stopped, sandbox.log.entries) == (None, [])


def test_interrupt_after_the_result() -> None:
    """An interrupt after the result has no effect."""
    stops: list[Callable[[], None]] = []
    result = run(FakeSandbox(echo), on_interrupt=stops.append)
    stops[0]()
    assert result is not None


@pytest.mark.parametrize(
    ("remaining_time_ms", "expected"),
    [pytest.param(None, 5_000, id="timeout"), pytest.param(60_000, 60_000, id="the user's")],
)
async def test_remaining_time(remaining_time_ms: int | None, expected: int) -> None:
    """The deadline of an event follows from the timeout, or from the user's remaining time."""
    times_ms: list[float] = []

    def program(runtime: Runtime) -> int:
        times_ms.append(time.time() * 1000)
        event = runtime.next()
        times_ms.append(int(event.headers["lambda-runtime-deadline-ms"]) - expected)
        times_ms.append(time.time() * 1000)
        runtime.respond(event, b"1")
        return 0

    with FakeSandbox(program) as sandbox:
        async with ExecutionEnvironment(sandbox, configuration(), log=sandbox.log) as environment:
            await environment.invoke(invocation(remaining_time_ms=remaining_time_ms))

    asked, told, received = times_ms
    assert int(asked) <= told <= received


async def test_deadline_of_the_user() -> None:
    """The user's deadline is passed to the runtime unchanged."""
    deadlines = []

    def program(runtime: Runtime) -> int:
        event = runtime.next()
        deadlines.append(event.headers["lambda-runtime-deadline-ms"])
        runtime.respond(event, b"1")
        return 0

    with FakeSandbox(program) as sandbox:
        async with ExecutionEnvironment(sandbox, configuration(), log=sandbox.log) as environment:
            await environment.invoke(invocation(deadline_ms=1_700_000_000_000))

    assert deadlines == ["1700000000000"]


def test_an_unlimited_environment_has_no_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unlimited environment has no timeout in Init and Invoke; the deadline is still passed on."""
    monkeypatch.setattr(environment_module, "INIT_SECONDS", 0.1)
    monkeypatch.setattr(init_phase, "_CONTACT_SECONDS", 0.05)
    times_ms: list[float] = []

    def slow(runtime: Runtime) -> int:
        time.sleep(0.3)
        times_ms.append(time.time() * 1000)
        event = runtime.next()
        times_ms.append(int(event.headers["lambda-runtime-deadline-ms"]) - 200)
        times_ms.append(time.time() * 1000)
        time.sleep(0.5)
        runtime.respond(event, b'"late"')
        runtime.next()
        return 0

    sandbox = FakeSandbox(slow)
    with sandbox:
        result = run_once(
            sandbox,
            configuration(timeout_seconds=0.2, unlimited=True),
            invocation(),
        )

    assert result is not None
    assert (result.outcome, result.payload) == ("success", b'"late"')
    asked, told, received = times_ms
    assert int(asked) <= told <= received
