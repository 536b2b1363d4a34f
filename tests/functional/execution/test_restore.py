"""SnapStart in an execution environment: Init, the hooks around the snapshot, and the first invocation."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.execution import restore_phase
from samlocal.execution.environment import ExecutionEnvironment
from tests.functional.execution.fakes import FakeSandbox, configuration, echo, invocation

if TYPE_CHECKING:
    import pytest

    from samlocal.invocation import InvocationResult
    from tests.functional.execution.fakes import ExternalExtension, Runtime

RESTORE = "/2018-06-01/runtime/restore"
CONFIGURATION = replace(configuration(), initialization_type="snap-start")
HOOK_ERROR = json.dumps({"errorType": "ValueError", "errorMessage": "no entropy"}).encode()


def invoke(sandbox: FakeSandbox, times: int = 1) -> list[InvocationResult]:
    """Invoke a function with SnapStart, any number of times in one environment."""

    async def run() -> list[InvocationResult]:
        with sandbox:
            environment = ExecutionEnvironment(sandbox, CONFIGURATION, log=sandbox.log)
            async with environment:
                return [
                    await environment.invoke(
                        invocation(request_id=f"id-{number}"), is_last=number == times
                    )
                    for number in range(1, times + 1)
                ]

    return asyncio.run(run())


def restore(runtime: Runtime) -> None:
    """Wait for the restore, as a client with hooks does."""
    runtime.write("before the snapshot\n")
    assert runtime.call("GET", f"{RESTORE}/next")[0] == 200
    runtime.write("after the restore\n")


def hooked(runtime: Runtime) -> int:
    runtime.write("Init\n")
    restore(runtime)
    return echo(runtime)


def lines(sandbox: FakeSandbox) -> list[str]:
    """Return the log with its figures left out."""
    return [re.sub(r"[0-9.]+ ms", "N ms", entry).strip() for entry in sandbox.log.entries]


def test_hooks_run_in_order() -> None:
    """Init and its hooks come before the restore, which comes before the first invocation."""
    sandbox = FakeSandbox(hooked)
    first, second = invoke(sandbox, 2)
    assert lines(sandbox) == [
        "Init",
        "before the snapshot",
        "INIT_REPORT Init Duration: N ms\tPhase: init",
        "RESTORE_START Runtime Version: python:3.13",
        "after the restore",
        "RESTORE_REPORT Restore Duration: N ms",
        "START RequestId: id-1 Version: $LATEST",
        "working",
        "END RequestId: id-1",
        re.sub(r"[0-9.]+ ms", "N ms", str(first.report)).strip(),
        "START RequestId: id-2 Version: $LATEST",
        "working",
        "END RequestId: id-2",
        re.sub(r"[0-9.]+ ms", "N ms", str(second.report)).strip(),
    ]
    assert "\tRestore Duration: N ms\tBilled Restore Duration: N ms" in lines(sandbox)[9]
    assert first.report.init_duration_ms is None
    assert first.report.restore_duration_ms is not None
    assert second.report.restore_duration_ms is None
    assert [each.name for each in first.phases] == ["init", "restore", "invoke"]
    assert first.phases[1].duration_ms == first.report.restore_duration_ms


def test_a_runtime_without_hooks() -> None:
    """A runtime that does not wait for a restore is restored at once."""
    sandbox = FakeSandbox(echo)
    (result,) = invoke(sandbox)
    assert result.outcome == "success"
    assert result.report.restore_duration_ms is not None
    assert lines(sandbox)[2] == "RESTORE_REPORT Restore Duration: N ms"


def test_a_hook_before_the_snapshot_fails() -> None:
    """Init fails, as at the publication of a version, and is not tried again in the invocation."""

    def program(runtime: Runtime) -> int:
        headers = {"Lambda-Runtime-Function-Error-Type": "Runtime.BeforeSnapshotError"}
        runtime.call("POST", "/2018-06-01/runtime/init/error", HOOK_ERROR, headers)
        return 64

    sandbox = FakeSandbox(program)
    (result,) = invoke(sandbox)
    assert (result.outcome, result.payload) == ("failure", HOOK_ERROR)
    assert result.report.error_type == "Runtime.BeforeSnapshotError"
    assert lines(sandbox)[0] == (
        "INIT_REPORT Init Duration: N ms\tPhase: init\tStatus: error"
        "\tError Type: Runtime.BeforeSnapshotError"
    )
    assert len(sandbox.runtimes) == 1


def test_a_hook_after_the_restore_fails() -> None:
    """The restore fails with the error that the runtime reports, whatever it does then."""

    def program(runtime: Runtime) -> int:
        restore(runtime)
        headers = {"Lambda-Runtime-Function-Error-Type": "Runtime.AfterRestoreError"}
        runtime.call("POST", f"{RESTORE}/error", HOOK_ERROR, headers)
        return 65

    sandbox = FakeSandbox(program)
    (result,) = invoke(sandbox)
    assert (result.outcome, result.payload) == ("failure", HOOK_ERROR)
    assert result.error
    assert (result.error.type, result.error.message) == ("ValueError", "no entropy")
    assert (result.report.status, result.report.error_type) == (
        "error",
        "Runtime.AfterRestoreError",
    )
    assert (
        "RESTORE_REPORT Restore Duration: N ms\tStatus: error\tError Type: Runtime.AfterRestoreError"
        in lines(sandbox)
    )


def test_a_runtime_exits_in_its_hook() -> None:
    """A runtime that ends in a hook after the restore is a failure like any other exit."""

    def program(runtime: Runtime) -> int:
        restore(runtime)
        return 7

    sandbox = FakeSandbox(program)
    (result,) = invoke(sandbox)
    assert result.error
    assert result.error.type == "Runtime.ExitError"
    assert "exit status 7" in result.error.message
    assert any("Status: error\tError Type: Runtime.ExitError" in each for each in lines(sandbox))


def test_hooks_after_the_restore_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hooks after the restore have a limit of their own, with an error of its own."""
    monkeypatch.setattr(restore_phase, "RESTORE_SECONDS", 0.2)

    def program(runtime: Runtime) -> int:
        restore(runtime)
        runtime.hang()
        return 0

    sandbox = FakeSandbox(program)
    (result,) = invoke(sandbox)
    assert result.outcome == "failure"
    assert json.loads(result.payload) == {
        "errorType": "SnapStartTimeoutException",
        "errorMessage": "RequestId: id-1 Error: Lambda couldn't restore the snapshot within the"
        " timeout limit.",
    }
    assert "RESTORE_REPORT Restore Duration: N ms\tStatus: timeout" in lines(sandbox)
    assert not any("Task timed out" in each for each in lines(sandbox))
    assert result.report.error_type == "SnapStartTimeoutException"


def test_the_next_runtime_is_restored_too() -> None:
    """A runtime that crashed is replaced by one that runs its hooks again."""

    def program(runtime: Runtime) -> int:
        restore(runtime)
        if runtime.number == 1:
            runtime.next()
            return 1
        return echo(runtime)

    sandbox = FakeSandbox(program)
    first, second = invoke(sandbox, 2)
    assert (first.outcome, second.outcome) == ("failure", "success")
    assert second.report.restore_duration_ms is not None
    assert lines(sandbox).count("after the restore") == 2


def test_extensions_are_ready_before_the_snapshot() -> None:
    """Init includes the extensions; they go on after the restore."""
    seen: list[str] = []

    def extension(self: ExternalExtension) -> int:
        self.register("INVOKE", "SHUTDOWN")
        while True:
            event = self.next()
            seen.append(str(event["eventType"]))
            if event["eventType"] == "SHUTDOWN":
                return 0

    sandbox = FakeSandbox(hooked, extensions={"watcher": extension})
    (result,) = invoke(sandbox)
    assert result.outcome == "success"
    assert seen == ["INVOKE", "SHUTDOWN"]
    ready = "EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE, SHUTDOWN]"
    assert lines(sandbox).index(ready) < lines(sandbox).index("after the restore")


def test_output_of_hooks_comes_before_the_report() -> None:
    """What hooks wrote after the restore may still be on its way when they have ended."""

    def program(runtime: Runtime) -> int:
        restore(runtime)
        runtime.process.underway.append(b"on its way\n")
        return echo(runtime)

    sandbox = FakeSandbox(program)
    invoke(sandbox)

    found = lines(sandbox)
    assert found.index("on its way") < found.index("RESTORE_REPORT Restore Duration: N ms")
