"""`samlocal local invoke`: run one function once."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from samlocal.cli.console import (
    FunctionLog,
    print_status,
    show_error,
    show_output,
    show_result,
    show_warning,
)
from samlocal.cli.inputs import read_inputs
from samlocal.cli.option_groups import grouped
from samlocal.cli.options.code import CodeOptions
from samlocal.cli.options.container import ContainerOptions
from samlocal.cli.options.debugging import DebugOptions
from samlocal.cli.options.general import GeneralOptions
from samlocal.cli.options.invocation import InvokeOptions, OutputOptions
from samlocal.cli.options.limits import LimitOptions
from samlocal.cli.options.project import ProjectOptions
from samlocal.cli.options.sam_only import SamOptions
from samlocal.cli.signals import DeferredSignals

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from samlocal.cli.debugger_status import DebuggerWatch
    from samlocal.cli.image_updates import ImageUpdates
    from samlocal.cli.inputs import Inputs
    from samlocal.cli.options.general import OutputFormat
    from samlocal.diagnostics import Diagnostic
    from samlocal.engine.engine import Engine
    from samlocal.invocation import InvocationResult, Outcome
    from samlocal.sandbox.container_spec import ContainerSpec
    from samlocal.sandbox.sandbox import Sandbox

_RELAY_STATUS: Final = (
    "The container cannot reach this machine; using a relay (also for later runs on this engine)"
)

EXIT_CODES: Final[dict[Outcome, int]] = {"success": 0, "error": 3, "timeout": 4, "failure": 5}


@grouped
def invoke(  # noqa: PLR0913  # groups of options, mostly
    *,
    chosen: InvokeOptions,
    project: ProjectOptions,
    code: CodeOptions,
    container: ContainerOptions,
    limits: LimitOptions,
    debugging: DebugOptions,
    output: OutputOptions,
    sam: SamOptions,
    general: GeneralOptions,
) -> None:
    """Run a Lambda function once, in its runtime's container.

    The function's result goes to stdout, and nothing else. Its logs go to stderr.

    Exit status: 0 result; 1 samlocal could not run the function; 2 wrong usage; 3 the function
    returned an error; 4 the function timed out; 5 the runtime died or did not initialise.
    """
    general.apply()
    project = sam.project(project)
    _show_diagnostics(sam.diagnostics())
    if output.print_env:
        _print_environment(_read(chosen, project, debugging, container), output.output)
        return
    from datetime import UTC, datetime

    from samlocal.cli.planning import plan
    from samlocal.cli.sandbox_settings import image_for, read_settings
    from samlocal.sandbox.plan import end_of_support

    settings = read_settings(container, limits, code, debugging)
    inputs = _read(chosen, project, debugging, container)
    today = datetime.now(UTC).date()
    _show_diagnostics((*inputs.diagnostics, *end_of_support(inputs.function, today=today)))
    image = image_for(container.invoke_image or (), inputs.function, inputs.functions)
    settings = replace(settings, debug=inputs.debug, image=image, profile=project.profile)
    if inputs.debug:
        from samlocal.sandbox.ports import require_free

        require_free(inputs.debug.ports, address=settings.publish_on)
    spec, diagnostics = plan(inputs, code, settings)
    _show_diagnostics(diagnostics)
    # Not in a thread while the project is read: both would take longer, one interpreter being for both.
    from samlocal.engine.engine import Engine

    with FunctionLog(output.log_file) as log, Engine(container.engine) as engine:
        exit_code = _invoke(inputs, spec, engine, log)
    function_failed = exit_code in {EXIT_CODES[each] for each in ("error", "timeout", "failure")}
    raise SystemExit(0 if function_failed and output.exit_zero_on_function_error else exit_code)


def _read(
    chosen: InvokeOptions,
    project: ProjectOptions,
    debugging: DebugOptions,
    container: ContainerOptions,
) -> Inputs:
    from samlocal.cli.sandbox_settings import image_for

    choose_image = partial(image_for, container.invoke_image or ())
    inputs = read_inputs(chosen, project, debugging, image_for=choose_image)
    if container.ca_bundle is None:
        return inputs
    from samlocal.sandbox.ca_bundle import with_ca_bundle

    return replace(inputs, environment=with_ca_bundle(inputs.environment))


def _print_environment(inputs: Inputs, output: OutputFormat) -> None:
    from samlocal.cli.print_env import environment_as_json, environment_as_text

    _show_diagnostics(inputs.diagnostics)
    base = inputs.project.parent
    if output == "json":
        text = environment_as_json(
            inputs.environment, function=inputs.function.full_path, base=base
        )
    else:
        text = environment_as_text(inputs.environment, base=base)
    show_output(text)


def _invoke(inputs: Inputs, spec: ContainerSpec, engine: Engine, log: FunctionLog) -> int:
    """Run the function, show its result, and return the exit code."""
    function = inputs.function
    runtime = "" if spec.image.is_function else f" ({function.runtime})"
    print_status(
        f"Invoking {function.handler or function.logical_id}{runtime} in {spec.image.name}"
    )
    with DeferredSignals() as signals:
        result = _run(inputs, spec, engine, log=log, signals=signals)
    if result is None:
        return signals.exit_code or 1
    if result.outcome == "failure" and result.error:
        hint = result.error.hint or _failure_hint(result, inputs, spec, engine)
        show_error(f"{result.error.type}: {result.error.message}", hint=hint)
    return EXIT_CODES[result.outcome]


def _failure_hint(
    result: InvocationResult, inputs: Inputs, spec: ContainerSpec, engine: Engine
) -> str | None:
    """Return what to do about a runtime that ended before it was ready, or found its function incomplete."""
    if result.error is None or result.report.init_duration_ms is not None:
        return None
    if result.error.type == "Runtime.ExitError":
        from samlocal.sandbox.docker.function_images import exit_hint

        return exit_hint(engine, spec)
    from samlocal.sandbox.unbuilt import missing_module_hint

    return missing_module_hint(
        inputs.function, spec.sandbox.family, inputs.project, result.error.message
    )


def _run(
    inputs: Inputs,
    spec: ContainerSpec,
    engine: Engine,
    *,
    log: FunctionLog,
    signals: DeferredSignals,
) -> InvocationResult | None:
    """Return the result, which stands on stdout by then; None if a signal came first."""
    from samlocal.cli.progress import PullView
    from samlocal.sandbox.factory import SandboxFactory

    updates: ImageUpdates | None = None

    def use(sandbox: Sandbox) -> InvocationResult | None:
        nonlocal updates
        with _watching(inputs, sandbox, log) as watch:
            # The engine is at work: the time to import what the rest needs.
            from samlocal.cli.image_updates import image_updates
            from samlocal.execution.one_shot import run_once

            updates = image_updates(spec.image, engine, os.environ)
            if updates:
                sandbox.started.add_done_callback(updates.begin)
            result = run_once(
                sandbox,
                inputs.invocation,
                memory_mb=inputs.function.memory_mb,
                timeout_seconds=inputs.timeout_seconds,
                log=log,
                unlimited=watch is not None,
                on_interrupt=signals.notify,
            )
            if result:
                show_result(result.payload)
        return watch.explained(result) if watch and result else result

    with PullView() as view:
        factory = SandboxFactory(
            engine=engine, progress=view, on_relay=lambda: view.note(_RELAY_STATUS)
        )
        result = factory.run(spec, use)
    if updates:
        updates.print_status()
    return result


def _watching(
    inputs: Inputs, sandbox: Sandbox, log: FunctionLog
) -> AbstractContextManager[DebuggerWatch | None]:
    if inputs.debug is None:
        return nullcontext()
    from samlocal.cli.debugger_status import DebuggerWatch

    return DebuggerWatch(sandbox, log)


def _show_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    for diagnostic in diagnostics:
        show_warning(diagnostic.message, place=diagnostic.place, hint=diagnostic.hint)
