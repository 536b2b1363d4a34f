"""Runs the invocations of a command in a sandbox of its own."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.sandbox.process_spec import ProcessSpec

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from samlocal.cli.console_log import ConsoleLog
    from samlocal.cli.console_series import ConsoleSeries
    from samlocal.cli.image_updates import ImageUpdates
    from samlocal.cli.signals import DeferredSignals
    from samlocal.engine.engine import Engine
    from samlocal.execution.debugger_watch import DebuggerWatch
    from samlocal.invocation import InvocationResult
    from samlocal.preparation.preparation import PreparedFunction
    from samlocal.sandbox.sandbox import Sandbox, StartSteps


class SandboxRunner:
    """The sandboxes of a series of invocations: one, or more if sandboxes end with their runtime."""

    def __init__(self, prepared: PreparedFunction, engine: Engine | None) -> None:
        self._prepared = prepared
        self._engine = engine
        self._sandbox: Sandbox | None = None
        self._watch: DebuggerWatch | None = None
        self._updates: ImageUpdates | None = None

    @property
    def start_steps(self) -> StartSteps | None:
        return self._sandbox.started.result().steps if self._sandbox else None

    def run(self, series: ConsoleSeries, log: ConsoleLog, signals: DeferredSignals) -> None:
        from samlocal.cli.progress import PullView
        from samlocal.sandbox.factory import SandboxFactory

        def use(sandbox: Sandbox) -> None:
            self._sandbox = sandbox
            with self._watching(sandbox, log) as self._watch:
                # The engine is starting the container: time to import the rest.
                from samlocal.execution.invocation_series import run_series

                if self._engine:
                    self._watch_image(sandbox, self._engine)
                run_series(
                    sandbox,
                    self._prepared.configuration,
                    series,
                    log=log,
                    on_interrupt=signals.notify,
                )

        spec = self._prepared.spec
        if series.remaining > 1:
            spec = replace(spec, sandbox=replace(spec.sandbox, is_reused=True))
        with PullView() as view:
            factory = SandboxFactory(engine=self._engine, progress=view)
            while series.remaining and signals.exit_code is None:
                factory.run(spec, use)

    def print_status(self) -> None:
        if self._updates:
            self._updates.print_status()

    def with_hint(self, result: InvocationResult) -> InvocationResult:
        return self._watch.with_hint(result) if self._watch else result

    def exit_hint(self) -> str | None:
        spec = self._prepared.spec
        if self._engine is None or isinstance(spec, ProcessSpec):
            return None
        from samlocal.sandbox.docker.function_images import exit_hint

        return exit_hint(self._engine, spec)

    def _watch_image(self, sandbox: Sandbox, engine: Engine) -> None:
        """Check for a newer image while the function runs."""
        from samlocal.cli.image_updates import image_updates

        spec = self._prepared.spec
        if self._updates or isinstance(spec, ProcessSpec):
            return
        self._updates = image_updates(spec.image, engine, os.environ)
        if self._updates:
            sandbox.started.add_done_callback(self._updates.begin)

    def _watching(
        self, sandbox: Sandbox, log: ConsoleLog
    ) -> AbstractContextManager[DebuggerWatch | None]:
        if self._prepared.resolved.debug is None:
            return nullcontext()
        from samlocal.execution.debugger_watch import DebuggerWatch

        return DebuggerWatch(sandbox, log)
