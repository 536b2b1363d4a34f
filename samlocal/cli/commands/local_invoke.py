"""`samlocal local invoke`: runs a function once."""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

from samlocal.cli.console import print_status, show_error, show_output
from samlocal.cli.console_log import ConsoleLog
from samlocal.cli.invocation_request import InvocationRequest, read_request
from samlocal.cli.observer import ConsoleObserver
from samlocal.cli.option_groups import group_options
from samlocal.cli.options.code import CodeOptions
from samlocal.cli.options.container import ContainerOptions
from samlocal.cli.options.debugging import DebugOptions
from samlocal.cli.options.general import GeneralOptions
from samlocal.cli.options.invocation import InvokeOptions, OutputOptions
from samlocal.cli.options.limits import LimitOptions
from samlocal.cli.options.project import ProjectOptions
from samlocal.cli.options.sam_only import SamOptions
from samlocal.cli.plain_options import plain_code
from samlocal.cli.result_output import ResultOutput
from samlocal.cli.signals import DeferredSignals

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from samlocal.cli.debugger_status import DebuggerWatch
    from samlocal.cli.image_updates import ImageUpdates
    from samlocal.cli.options.general import OutputFormat
    from samlocal.engine.engine import Engine
    from samlocal.host import Host
    from samlocal.invocation import Invocation, InvocationResult, Outcome
    from samlocal.preparation.preparation import PreparedFunction
    from samlocal.sandbox.sandbox import Sandbox

EXIT_CODES: Final[dict[Outcome, int]] = {"success": 0, "error": 3, "timeout": 4, "failure": 5}


@group_options
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
    observer = ConsoleObserver()
    observer.show(sam.diagnostics())
    from samlocal.cli.sandbox_settings import read_settings
    from samlocal.host import current_host

    settings = read_settings(container, limits, code, debugging)
    host = current_host()
    request = read_request(chosen, project, debugging, container, host)
    if output.print_env:
        _print_environment(request, host, observer, output.output)
        return
    from samlocal.library import prepare
    from samlocal.preparation.new_invocation import new_invocation

    prepared = prepare(
        request.project,
        request.function_identifier,
        options=request.options,
        code=plain_code(code),
        sandbox=settings,
        host=host,
        observer=observer,
    )
    invocation = new_invocation(
        prepared.resolved, request.payload, request.context, tenant_id=request.tenant_id
    )
    observer.show(request.diagnostics)
    # Not in a thread while the project is read: one interpreter runs both, so both would take longer.
    from samlocal.engine.engine import Engine

    log = ConsoleLog(output.log_file, timestamps=output.timestamps)
    with log, Engine(container.engine) as engine:
        exit_code = _invoke(prepared, invocation, engine, log)
    function_failed = exit_code in {EXIT_CODES[each] for each in ("error", "timeout", "failure")}
    raise SystemExit(0 if function_failed and output.exit_zero_on_function_error else exit_code)


def _print_environment(
    request: InvocationRequest, host: Host, observer: ConsoleObserver, output: OutputFormat
) -> None:
    from samlocal.cli.print_env import environment_as_json, environment_as_text
    from samlocal.preparation.resolution import resolve_function

    resolved = resolve_function(request.project, request.function_identifier, request.options, host)
    observer.show((*resolved.diagnostics, *request.diagnostics))
    base = resolved.project.parent
    if output == "json":
        text = environment_as_json(
            resolved.environment, function=resolved.function.full_path, base=base
        )
    else:
        text = environment_as_text(resolved.environment, base=base)
    show_output(text)


def _invoke(
    prepared: PreparedFunction, invocation: Invocation, engine: Engine, log: ConsoleLog
) -> int:
    """Run the function, show its result, and return the exit code."""
    function, spec = prepared.resolved.function, prepared.spec
    runtime = "" if spec.image.is_function else f" ({function.runtime})"
    print_status(
        f"Invoking {function.handler or function.logical_id}{runtime} in {spec.image.name}"
    )
    response = ResultOutput()
    with DeferredSignals() as signals:
        result = _run(prepared, invocation, engine, log=log, response=response, signals=signals)
    if result is None:
        return signals.exit_code or 1
    if result.error and (result.outcome == "failure" or response.is_incomplete):
        hint = result.error.hint or _failure_hint(result, prepared, engine)
        show_error(f"{result.error.type}: {result.error.message}", hint=hint)
    return EXIT_CODES[result.outcome]


def _failure_hint(
    result: InvocationResult, prepared: PreparedFunction, engine: Engine
) -> str | None:
    """Return a hint for a runtime that ended before it was ready, or did not find the function's module."""
    if result.error is None or result.report.init_duration_ms is not None:
        return None
    if result.error.type == "Runtime.ExitError":
        from samlocal.sandbox.docker.function_images import exit_hint

        return exit_hint(engine, prepared.spec)
    from samlocal.sandbox.unbuilt import missing_module_hint

    resolved, family = prepared.resolved, prepared.spec.sandbox.family
    return missing_module_hint(resolved.function, family, resolved.project, result.error.message)


def _run(
    prepared: PreparedFunction,
    invocation: Invocation,
    engine: Engine,
    *,
    log: ConsoleLog,
    response: ResultOutput,
    signals: DeferredSignals,
) -> InvocationResult | None:
    """Run the function, with its result on stdout, and return it; None if a signal came first."""
    from samlocal.cli.progress import PullView
    from samlocal.sandbox.factory import SandboxFactory

    updates: ImageUpdates | None = None

    def use(sandbox: Sandbox) -> InvocationResult | None:
        nonlocal updates
        with _watching(prepared, sandbox, log) as watch:
            # The engine is starting the container: time to import the rest.
            from samlocal.cli.image_updates import image_updates
            from samlocal.execution.one_shot import run_once

            updates = image_updates(prepared.spec.image, engine, os.environ)
            if updates:
                sandbox.started.add_done_callback(updates.begin)
            result = run_once(
                sandbox,
                prepared.configuration,
                invocation,
                log=log,
                response=response,
                on_interrupt=signals.notify,
            )
        return watch.with_hint(result) if watch and result else result

    with PullView() as view:
        result = SandboxFactory(engine=engine, progress=view).run(prepared.spec, use)
    if updates:
        updates.print_status()
    return result


def _watching(
    prepared: PreparedFunction, sandbox: Sandbox, log: ConsoleLog
) -> AbstractContextManager[DebuggerWatch | None]:
    if prepared.resolved.debug is None:
        return nullcontext()
    from samlocal.cli.debugger_status import DebuggerWatch

    return DebuggerWatch(sandbox, log)
