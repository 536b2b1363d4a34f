"""Runs a prepared function, with the line of its start and hints for its errors on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from samlocal.cli.console import print_status
from samlocal.cli.signals import DeferredSignals

if TYPE_CHECKING:
    from samlocal.cli.console_log import ConsoleLog
    from samlocal.cli.console_series import ConsoleSeries
    from samlocal.invocation import InvocationResult
    from samlocal.preparation.preparation import PreparedFunction
    from samlocal.sandbox.sandbox import StartSteps


class Runner(Protocol):
    """Where a series of invocations runs: in a sandbox of the command, or in the background service."""

    @property
    def start_steps(self) -> StartSteps | None:
        """What the start of the sandbox needed, if it was started for this command."""

    def run(self, series: ConsoleSeries, log: ConsoleLog, signals: DeferredSignals) -> None:
        """Run the invocations until they have ended or a signal comes."""

    def print_status(self) -> None:
        """Show what follows the result of a series."""

    def with_hint(self, result: InvocationResult) -> InvocationResult:
        """Return a result with a hint, if its debugger did not start."""

    def exit_hint(self) -> str | None:
        """Return the hint for a runtime that ended before it was ready."""


class FunctionRun:
    """A series of invocations, wherever they run."""

    def __init__(self, prepared: PreparedFunction, runner: Runner, log: ConsoleLog) -> None:
        self._prepared = prepared
        self._runner = runner
        self._log = log

    def invoke(self, series: ConsoleSeries) -> int:
        """Run the invocations, and return the exit code."""
        function, spec = self._prepared.resolved.function, self._prepared.spec
        runtime = f" ({function.runtime})" if function.runtime else ""
        where = f"in {spec.label}" if spec.kind == "docker" else f"as a process, with {spec.label}"
        print_status(f"Invoking {function.handler or function.logical_id}{runtime} {where}")
        with DeferredSignals() as signals:
            self._runner.run(series, self._log, signals)
        self._log.end_line()
        if not series.remaining:
            self._runner.print_status()
        series.finish()
        if series.remaining:
            return signals.exit_code or 1
        return series.exit_code or 0

    def hint(self, result: InvocationResult) -> str | None:
        """Return a hint for a failure."""
        result = self._runner.with_hint(result)
        if result.error is None:
            return None
        if result.error.hint:
            return result.error.hint
        if result.report.init_duration_ms is not None:
            return None
        if result.error.type == "Runtime.ExitError":
            return self._runner.exit_hint()
        return _missing_module_hint(self._prepared, result.error.message)


def _missing_module_hint(prepared: PreparedFunction, message: str) -> str | None:
    from samlocal.sandbox.process.aws_sdk import missing_sdk_hint
    from samlocal.sandbox.unbuilt import missing_module_hint

    resolved, spec = prepared.resolved, prepared.spec
    family = spec.sandbox.family
    if spec.kind == "process" and (hint := missing_sdk_hint(family, message)):
        return hint
    return missing_module_hint(resolved.function, family, resolved.project, message)
