"""External extensions in an execution environment, from their start to SHUTDOWN."""

from __future__ import annotations

import json
import time
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from samlocal.errors import LaunchError
from samlocal.execution import environment as environment_module
from samlocal.execution import shutdown_phase
from tests.functional.execution.fakes import (
    ExternalExtension,
    FakeSandbox,
    RecordingLog,
    echo,
    entered,
    invocation,
    numbered,
)

if TYPE_CHECKING:
    from samlocal.invocation import FunctionError, InvocationResult, ResponseMode
    from tests.functional.execution.fakes import ExtensionProgram, Runtime


async def run_once(
    sandbox: FakeSandbox, *, timeout_seconds: float = 5, sink: RecordingSink | None = None
) -> InvocationResult:
    async with entered(sandbox, timeout_seconds=timeout_seconds) as environment:
        return await environment.invoke(numbered(1), response=sink, is_last=True)


class RecordingSink:
    """Notes when a response has ended."""

    def __init__(self) -> None:
        self.body = b""
        self.ended = Event()

    async def begin(self, content_type: str, mode: ResponseMode) -> None: ...

    async def write(self, chunk: bytes) -> None:
        self.body += chunk

    async def end(self, error: FunctionError | None) -> None:
        del error
        self.ended.set()


class Recorder:
    """An extension that records its events until SHUTDOWN."""

    def __init__(self, *events: str) -> None:
        self.events: list[dict[str, Any]] = []
        self._wanted = events

    def __call__(self, extension: ExternalExtension) -> int:
        extension.register(*self._wanted)
        while True:
            event = extension.next()
            self.events.append(event)
            extension.write(f"{event['eventType']}\n")
            if event["eventType"] == "SHUTDOWN":
                return 0


async def test_events_of_a_cold_and_a_warm_invocation() -> None:
    """An extension gets each invocation and the shutdown, with their deadlines."""
    recorder = Recorder("INVOKE", "SHUTDOWN")
    sandbox = FakeSandbox(echo, extensions={"recorder": recorder})
    before_ms = time.time() * 1000
    async with entered(sandbox) as environment:
        await environment.invoke(numbered(1))
        await environment.invoke(numbered(2), is_last=True)
    after_ms = time.time() * 1000

    first, second, shutdown = recorder.events
    assert [first["requestId"], second["requestId"]] == ["id-1", "id-2"]
    assert first["eventType"] == "INVOKE"
    assert first["tracing"] == {"type": "X-Amzn-Trace-Id", "value": invocation().trace_id}
    assert before_ms + 4999 <= first["deadlineMs"] <= after_ms + 5000
    assert (shutdown["eventType"], shutdown["shutdownReason"]) == ("SHUTDOWN", "spindown")
    assert before_ms <= shutdown["deadlineMs"] <= after_ms + 2000
    assert [each.name for each in sandbox.processes] == ["recorder", "runtime"]


async def test_runtime_starts_after_all_extensions_have_registered() -> None:
    """The runtime starts after the registrations, and Init lasts until all extensions are ready."""
    order: list[str] = []

    def slow(extension: ExternalExtension) -> int:
        time.sleep(0.2)
        order.append("registers")
        extension.register("SHUTDOWN")
        time.sleep(0.2)
        order.append("ready")
        extension.next()
        return 0

    def program(runtime: Runtime) -> int:
        order.append("runtime")
        return echo(runtime)

    sandbox = FakeSandbox(program, extensions={"a": slow, "b": Recorder("SHUTDOWN")})
    result = await run_once(sandbox)

    assert order == ["registers", "runtime", "ready"]
    assert (result.report.init_duration_ms or 0) >= 400
    assert "EXTENSION\tName: a\tState: Ready\tEvents: [SHUTDOWN]" in sandbox.log.entries


async def test_response_is_there_before_the_extensions_are_done() -> None:
    """The caller has the response at once; the invocation ends with the extension."""
    sink = RecordingSink()

    def extension(own: ExternalExtension) -> int:
        own.register("INVOKE")
        own.next()
        assert sink.ended.wait(20)
        own.next()
        return 0

    result = await run_once(FakeSandbox(echo, extensions={"late": extension}), sink=sink)

    assert (sink.body, result.outcome) == (b"{}", "success")
    overhead = next(each for each in result.report.spans if each.name == "extensionOverhead")
    assert 0 <= overhead.duration_ms <= result.report.duration_ms


async def test_runtime_gets_sigterm_before_the_extensions_get_shutdown() -> None:
    """With an extension, the runtime gets SIGTERM and may end by itself; the extension still gets SHUTDOWN."""
    order: list[str] = []

    def program(runtime: Runtime) -> int:
        runtime.respond(runtime.next(), b"1")
        runtime.next_in_background()
        runtime.wait_for_sigterm()
        order.append("SIGTERM")
        return 0

    def extension(own: ExternalExtension) -> int:
        own.register("SHUTDOWN")
        own.next()
        order.append("SHUTDOWN")
        return 0

    await run_once(FakeSandbox(program, extensions={"a": extension}))
    assert order == ["SIGTERM", "SHUTDOWN"]


async def test_extension_without_events_is_killed() -> None:
    """An extension that wants no event is not waited for, and killed at the end."""

    def extension(own: ExternalExtension) -> int:
        own.register()
        own.next()
        return 0

    sandbox = FakeSandbox(echo, extensions={"idle": extension})
    result = await run_once(sandbox)
    assert result.report.status == "success"
    assert sandbox.processes[0].killed.is_set()


async def test_extension_that_ignores_shutdown(monkeypatch: pytest.MonkeyPatch) -> None:
    """An extension that does not end in its two seconds is killed."""
    monkeypatch.setattr(shutdown_phase, "_SHUTDOWN_SECONDS", 0.3)

    def extension(own: ExternalExtension) -> int:
        own.register("SHUTDOWN")
        own.next()
        own.hang()
        return 0

    sandbox = FakeSandbox(echo, extensions={"stubborn": extension})
    assert (await run_once(sandbox)).report.status == "success"
    assert sandbox.processes[0].killed.is_set()


def exit_at_once(_extension: ExternalExtension) -> int:
    return 7


def exit_registered(extension: ExternalExtension) -> int:
    extension.register("INVOKE")
    return 0


def report_init_error(extension: ExternalExtension) -> int:
    extension.register("INVOKE")
    extension.report_error("init", "Extension.NoLicence")
    extension.hang()
    return 0


@pytest.mark.parametrize(
    ("extension", "error_type", "message", "hint"),
    [
        (exit_at_once, "Extension.Crash", "exit status 7", "the extension `bad` ended"),
        (exit_registered, "Extension.Crash", "exit code 0", "the extension `bad` ended"),
        (report_init_error, "Extension.InitError", "Extension.NoLicence", "`bad` reported"),
        (LaunchError("exec format error"), "Extension.LaunchError", "exec format error", "`bad`"),
    ],
)
async def test_extension_that_fails_in_init(
    extension: ExtensionProgram | LaunchError, error_type: str, message: str, hint: str
) -> None:
    """Init fails with Lambda's error, twice, and the error names the extension."""
    sandbox = FakeSandbox(echo, extensions={"bad": extension})
    result = await run_once(sandbox)

    assert result.outcome == "failure"
    assert json.loads(result.payload)["errorType"] == error_type
    assert message in json.loads(result.payload)["errorMessage"]
    assert result.error is not None
    assert hint in (result.error.hint or "")
    reports = [each for each in sandbox.log.entries if each.startswith("INIT_REPORT")]
    assert ["Phase: init" in reports[0], "Phase: invoke" in reports[1]] == [True, True]
    assert all(f"Status: error\tError Type: {error_type}" in each for each in reports)


async def test_unfinished_line_of_an_extension_that_starts_again() -> None:
    """It is shown before the next life of the extension, as a line of its own."""

    def exit_within_a_line(extension: ExternalExtension) -> int:
        extension.write("unfinished")
        return 7

    sandbox = FakeSandbox(echo, extensions={"bad": exit_within_a_line})
    await run_once(sandbox)

    assert [each for each in sandbox.log.entries if "unfinished" in each] == [
        "[bad] unfinished\n"
    ] * 2


async def test_line_of_an_extension_that_cannot_be_executed() -> None:
    """The platform's line about the extension has Lambda's word for the reason."""
    error = LaunchError("permission denied", error_type="PermissionDenied")
    sandbox = FakeSandbox(echo, extensions={"bad": error})
    await run_once(sandbox)

    line = "EXTENSION\tName: bad\tState: LaunchError\tEvents: []\tError Type: PermissionDenied"
    assert [each for each in sandbox.log.entries if "Name: bad" in each] == [line] * 2


async def test_eleven_extensions() -> None:
    """Lambda starts at most ten extensions; none is started then, and the hint names them."""
    sandbox = FakeSandbox(echo, extensions={f"agent-{n}": Recorder() for n in range(11)})
    result = await run_once(sandbox)

    assert (result.outcome, sandbox.processes) == ("failure", [])
    assert result.error is not None
    assert result.error.type == "Extension.TooManyExtensions"
    assert "`agent-10`" in (result.error.hint or "")


async def test_extension_that_never_registers(monkeypatch: pytest.MonkeyPatch) -> None:
    """An extension that does not register holds Init until its limit, and the log names it."""
    monkeypatch.setattr(environment_module, "INIT_SECONDS", 0.2)

    def extension(own: ExternalExtension) -> int:
        own.hang()
        return 0

    sandbox = FakeSandbox(echo, extensions={"mute": extension})
    result = await run_once(sandbox, timeout_seconds=0.3)

    assert (result.outcome, sandbox.runtimes) == ("timeout", [])
    text = "\n".join(sandbox.log.entries)
    assert "INIT_REPORT Init Duration: 200.00 ms\tPhase: init\tStatus: timeout" in text
    assert "the extension `mute` did not register" in text
    assert result.report.duration_ms == pytest.approx(300)


async def test_extension_that_crashes_in_an_invocation() -> None:
    """The invocation fails, and the next one starts everything again."""

    def extension(own: ExternalExtension) -> int:
        own.register("INVOKE", "SHUTDOWN")
        event = own.next()
        if event.get("requestId") == "id-1":
            return 3
        own.next()
        return 0

    def program(runtime: Runtime) -> int:
        event = runtime.next()
        if event.request_id == "id-1":
            runtime.hang()
        runtime.respond(event, b"2")
        runtime.next()
        return 0

    sandbox = FakeSandbox(program, extensions={"bad": extension})
    async with entered(sandbox) as environment:
        first = await environment.invoke(numbered(1))
        second = await environment.invoke(numbered(2))

    assert (first.outcome, first.report.error_type) == ("failure", "Extension.Crash")
    assert "exit status 3" in json.loads(first.payload)["errorMessage"]
    assert (second.outcome, second.payload) == ("success", b"2")
    assert len(sandbox.processes) == 4


async def test_extension_that_reports_an_exit_error() -> None:
    """An extension that gives up after the response does not take it back; the log tells why."""

    def extension(own: ExternalExtension) -> int:
        own.register("INVOKE")
        own.next()
        time.sleep(0.1)
        own.report_error("exit", "Extension.Gone")
        own.hang()
        return 0

    sandbox = FakeSandbox(echo, extensions={"bad": extension})
    result = await run_once(sandbox)

    assert (result.outcome, result.payload) == ("success", b"{}")
    assert (result.report.status, result.report.error_type) == ("error", "Extension.ExitError")
    cause = "Failed after the response: the extension `bad` reported Extension.Gone"
    assert any(cause in each for each in sandbox.log.entries)


async def test_extensions_get_the_output_of_init_before_the_start() -> None:
    """Also in a single invocation, output of Init that is underway comes before `START`."""

    def extension(own: ExternalExtension) -> int:
        own.register("INVOKE")
        own.next()
        own.next()
        return 0

    sandbox = FakeSandbox(echo, extensions={"agent": extension})
    sandbox.underway.append(b"late\n")
    await run_once(sandbox)

    entries = sandbox.log.entries
    start = next(index for index, each in enumerate(entries) if each.startswith("START "))
    assert entries.index("late\n") < start


@pytest.mark.parametrize("status", [0, 3])
async def test_last_words_of_an_extension(status: int) -> None:
    """What an extension wrote before its end, in Shutdown or in a crash, is in the log although its exit is known before."""

    def extension(own: ExternalExtension) -> int:
        own.register("INVOKE", "SHUTDOWN")
        own.process.last_words = b"last words\n"
        own.next()
        if status == 0:
            own.next()  # SHUTDOWN
        return status

    sandbox = FakeSandbox(echo, extensions={"agent": extension})
    result = await run_once(sandbox)

    entries = sandbox.log.entries
    report = next(index for index, each in enumerate(entries) if each.startswith("REPORT "))
    assert (result.report.status == "error") == (status != 0)
    assert (entries.index("[agent] last words\n") < report) == (status != 0)


async def test_extension_that_ends_while_idle() -> None:
    """An extension that ends between two invocations makes the second one fail."""
    gone = Event()

    def extension(own: ExternalExtension) -> int:
        own.register("INVOKE")
        own.next()
        own.next_in_background()
        assert gone.wait(20)
        return 1

    sandbox = FakeSandbox(echo, extensions={"bad": extension})
    async with entered(sandbox) as environment:
        first = await environment.invoke(numbered(1))
        gone.set()
        sandbox.processes[0].exited.result(20)
        second = await environment.invoke(numbered(2))

    assert (first.outcome, second.outcome) == ("success", "failure")
    assert second.report.error_type == "Extension.Crash"
    assert second.report.metrics["durationMs"] == 0


async def test_extension_that_does_not_come_back() -> None:
    """The caller keeps the response, the report says timeout, and the log names the extension."""
    recorder = Recorder("SHUTDOWN")

    def extension(own: ExternalExtension) -> int:
        own.register("INVOKE")
        own.next()
        own.hang()
        return 0

    sandbox = FakeSandbox(echo, extensions={"slow": extension, "recorder": recorder})
    result = await run_once(sandbox, timeout_seconds=0.4)

    assert (result.outcome, result.payload, result.report.status) == ("success", b"{}", "timeout")
    assert result.report.duration_ms == pytest.approx(400)
    assert any(
        "the extension `slow` did not ask for the next event" in e for e in sandbox.log.entries
    )
    assert [each["shutdownReason"] for each in recorder.events] == ["timeout"]


async def test_extension_gets_the_reason_of_a_failure() -> None:
    """After a crash of the runtime the extension gets SHUTDOWN with `failure`, and starts again."""
    recorder = Recorder("INVOKE", "SHUTDOWN")

    def program(runtime: Runtime) -> int:
        event = runtime.next()
        if runtime.number == 1:
            return 9
        runtime.respond(event, b"2")
        runtime.next()
        return 0

    async with entered(FakeSandbox(program, extensions={"recorder": recorder})) as environment:
        await environment.invoke(numbered(1))
        await environment.invoke(numbered(2))
        await environment.stop()

    assert [each.get("shutdownReason", each.get("requestId")) for each in recorder.events] == [
        "id-1",
        "failure",
        "id-2",
        "spindown",
    ]


async def test_internal_extension_makes_the_runtime_get_sigterm() -> None:
    """A runtime that has registered an internal extension gets SIGTERM, as libraries expect."""
    terminated = Event()

    def program(runtime: Runtime) -> int:
        status, _, _ = runtime.call(
            "POST",
            "/2020-01-01/extension/register",
            b"{}",
            {"Lambda-Extension-Name": "internal"},
        )
        assert status == 200
        runtime.respond(runtime.next(), b"1")
        runtime.next_in_background()
        runtime.wait_for_sigterm()
        terminated.set()
        return 0

    result = await run_once(FakeSandbox(program))
    assert (result.payload, terminated.is_set()) == (b"1", True)


async def test_output_of_extensions() -> None:
    """What extensions write is in the log of the invocation, and after it in that of the environment."""
    sandbox, log = (
        FakeSandbox(echo, extensions={"r": Recorder("INVOKE", "SHUTDOWN")}),
        RecordingLog(),
    )
    async with entered(sandbox) as environment:
        await environment.invoke(numbered(1), log=log)
        await environment.stop()
    assert any("INVOKE" in entry for entry in log.entries)
    assert any("SHUTDOWN" in entry for entry in sandbox.log.entries)


async def test_shutdown_reaches_extensions_that_cannot_outlive_the_runtime() -> None:
    """Where the sandbox ends with its runtime, the extensions get SHUTDOWN before the runtime gets SIGTERM."""
    recorder = Recorder("INVOKE", "SHUTDOWN")

    def end_at_sigterm(runtime: Runtime) -> int:
        runtime.respond(runtime.next(), b"1")
        runtime.next_in_background()
        runtime.wait_for_sigterm()
        return 0

    sandbox = FakeSandbox(end_at_sigterm, extensions={"recorder": recorder}, can_restart=False)
    await run_once(sandbox)

    assert [each["eventType"] for each in recorder.events] == ["INVOKE", "SHUTDOWN"]
    assert sandbox.runtimes[0].terminated.is_set()


async def test_runtime_whose_end_takes_the_extensions_along() -> None:
    """The runtime is to blame, even if the end of the extensions is known earlier."""

    def exit_in_the_invocation(runtime: Runtime) -> int:
        runtime.next()
        return 9

    sandbox = FakeSandbox(
        exit_in_the_invocation,
        extensions={"recorder": Recorder("INVOKE", "SHUTDOWN")},
        can_restart=False,
        notices_after=0.2,
    )
    result = await run_once(sandbox)

    assert result.error is not None
    assert result.error.type == "Runtime.ExitError"
    assert "exit status 9" in result.error.message
