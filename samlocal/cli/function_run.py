"""Runs a prepared function in its sandbox, with the line of its start and hints for its errors on stderr."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.cli.console import print_status
from samlocal.cli.signals import DeferredSignals

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from samlocal.cli.console_log import ConsoleLog
    from samlocal.cli.console_series import ConsoleSeries
    from samlocal.cli.image_updates import ImageUpdates
    from samlocal.engine.engine import Engine
    from samlocal.execution.debugger_watch import DebuggerWatch
    from samlocal.invocation import InvocationResult
    from samlocal.preparation.preparation import PreparedFunction
    from samlocal.sandbox.sandbox import Sandbox, StartSteps


class FunctionRun:
    """The sandboxes of a series of invocations: one, or more if sandboxes end with their runtime."""

    def __init__(self, prepared: PreparedFunction, engine: Engine, log: ConsoleLog) -> None:
        self._prepared = prepared
        self._engine = engine
        self._log = log
        self._sandbox: Sandbox | None = None
        self._watch: DebuggerWatch | None = None
        self._updates: ImageUpdates | None = None

    def invoke(self, series: ConsoleSeries) -> int:
        """Run the invocations, and return the exit code."""
        function, spec = self._prepared.resolved.function, self._prepared.spec
        runtime = "" if spec.image.is_function else f" ({function.runtime})"
        print_status(
            f"Invoking {function.handler or function.logical_id}{runtime} in {spec.image.name}"
        )
        with DeferredSignals() as signals:
            self._run(series, signals)
        self._log.end_line()
        if self._updates and not series.remaining:
            self._updates.print_status()
        series.finish()
        if series.remaining:
            return signals.exit_code or 1
        return series.exit_code or 0

    def hint(self, result: InvocationResult) -> str | None:
        """Return a hint for a failure."""
        if result.error and self._watch:
            result = self._watch.with_hint(result)
        if result.error is None:
            return None
        if result.error.hint:
            return result.error.hint
        if result.report.init_duration_ms is not None:
            return None
        if result.error.type == "Runtime.ExitError":
            from samlocal.sandbox.docker.function_images import exit_hint

            return exit_hint(self._engine, self._prepared.spec)
        from samlocal.sandbox.unbuilt import missing_module_hint

        resolved, family = self._prepared.resolved, self._prepared.spec.sandbox.family
        return missing_module_hint(
            resolved.function, family, resolved.project, result.error.message
        )

    @property
    def start_steps(self) -> StartSteps | None:
        """What the start of the sandbox needed."""
        return self._sandbox.started.result().steps if self._sandbox else None

    def _run(self, series: ConsoleSeries, signals: DeferredSignals) -> None:
        """Run the invocations until they have ended or a signal comes."""
        from samlocal.cli.progress import PullView
        from samlocal.sandbox.factory import SandboxFactory

        def use(sandbox: Sandbox) -> None:
            self._sandbox = sandbox
            with self._watching(sandbox) as self._watch:
                # The engine is starting the container: time to import the rest.
                from samlocal.cli.image_updates import image_updates
                from samlocal.execution.invocation_series import run_series

                updates = image_updates(self._prepared.spec.image, self._engine, os.environ)
                if updates and self._updates is None:
                    sandbox.started.add_done_callback(updates.begin)
                    self._updates = updates
                run_series(
                    sandbox,
                    self._prepared.configuration,
                    series,
                    log=self._log,
                    on_interrupt=signals.notify,
                )

        spec = self._prepared.spec
        if series.remaining > 1:
            spec = replace(spec, sandbox=replace(spec.sandbox, is_reused=True))
        with PullView() as view:
            factory = SandboxFactory(engine=self._engine, progress=view)
            while series.remaining and signals.exit_code is None:
                factory.run(spec, use)

    def _watching(self, sandbox: Sandbox) -> AbstractContextManager[DebuggerWatch | None]:
        if self._prepared.resolved.debug is None:
            return nullcontext()
        from samlocal.execution.debugger_watch import DebuggerWatch

        return DebuggerWatch(sandbox, self._log)
