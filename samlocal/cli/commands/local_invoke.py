"""`samlocal local invoke`: runs a function once, or several times in one execution environment."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager, nullcontext
from itertools import chain
from typing import TYPE_CHECKING

from samlocal.cli.console import show_output
from samlocal.cli.console_log import ConsoleLog
from samlocal.cli.console_series import EXIT_CODES, ConsoleSeries
from samlocal.cli.function_run import FunctionRun
from samlocal.cli.invocation_request import InvocationRequest, read_request
from samlocal.cli.keep_warm import settle_warmth
from samlocal.cli.observer import ConsoleObserver
from samlocal.cli.option_groups import group_options
from samlocal.cli.options.code import CodeOptions
from samlocal.cli.options.container import ContainerOptions
from samlocal.cli.options.debugging import DebugOptions
from samlocal.cli.options.environment import EnvironmentOptions
from samlocal.cli.options.general import GeneralOptions
from samlocal.cli.options.invocation import InvokeOptions, OutputOptions
from samlocal.cli.options.keep_warm import KeepWarmOptions
from samlocal.cli.options.limits import LimitOptions
from samlocal.cli.options.project import ProjectOptions
from samlocal.cli.options.sam_only import SamOptions
from samlocal.cli.plain_options import plain_code

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from samlocal.cli.function_run import Runner
    from samlocal.cli.keep_warm import WarmSettings
    from samlocal.cli.options.general import OutputFormat
    from samlocal.cli.report_output import ReportOutput
    from samlocal.engine.engine import Engine
    from samlocal.host import Host
    from samlocal.invocation import Invocation, InvocationResult, JsonObject
    from samlocal.preparation.preparation import PreparedFunction
    from samlocal.project.project import Project
    from samlocal.sandbox.backend import Backend
    from samlocal.sandbox.plan import SandboxSettings
    from samlocal.serving.options import ServingOptions


def run_invocation(  # noqa: PLR0913  # groups of options
    *,
    chosen: InvokeOptions,
    environment: EnvironmentOptions,
    project: ProjectOptions,
    code: CodeOptions,
    container: ContainerOptions,
    limits: LimitOptions,
    debugging: DebugOptions,
    kept: KeepWarmOptions,
    output: OutputOptions,
    sam: SamOptions,
    general: GeneralOptions,
) -> None:
    """Run a Lambda function once, in its runtime's container or as a process.

    The function's result goes to stdout, and nothing else. Its logs go to stderr.

    Exit status: 0 result; 1 samlocal could not run the function; 2 wrong usage; 3 the function
    returned an error; 4 the function timed out; 5 the runtime died or did not initialise. With
    --repeat it is that of the first invocation that did not succeed.
    """
    begun = time.monotonic()
    general.apply()
    warm = None if output.print_env else settle_warmth(kept)
    project = sam.project(project)
    observer = ConsoleObserver()
    observer.show(sam.diagnostics())
    from samlocal.cli.chosen_backend import chosen_backend
    from samlocal.cli.sandbox_settings import read_settings
    from samlocal.host import current_host
    from samlocal.sandbox.backend import Backend

    host = current_host()
    backend = Backend() if output.print_env else chosen_backend(container, host, observer)
    if backend.kind == "process" and not warm:
        _start_ahead()
    settings = read_settings(container, limits, code, debugging, kind=backend.kind)
    request = read_request(chosen, environment, project, debugging, container, host)
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
        checks_ports=warm is None,  # a warm environment may have it
    )
    reports = _reports(chosen, output, request, prepared)

    def new() -> Invocation:
        invocation = new_invocation(
            prepared.resolved, request.payload, request.context, tenant_id=request.tenant_id
        )
        return reports.traced(invocation) if reports else invocation

    first = new()
    observer.show(request.diagnostics)
    # Not in a thread while the project is read: one interpreter runs both, so both would take longer.
    project_read = time.monotonic()
    shaping = (project, environment, code, container, limits, debugging, request.options)
    calls_functions = not environment.no_lambda_endpoint
    log = ConsoleLog(output.log_file, timestamps=output.timestamps)
    place: AbstractContextManager[Runner]
    if warm:
        serving = _serving(request, code, settings) if calls_functions else None
        place = nullcontext(_in_service(prepared, warm, backend, shaping, serving, host))
    else:
        place = _in_sandbox(prepared, backend, request.project if calls_functions else None)
    with log, reports or nullcontext(), place as runner:
        engine_connected = time.monotonic()
        run = FunctionRun(prepared, runner, log)

        def measure(result: InvocationResult) -> JsonObject:
            from samlocal.reports.cold_path import CommandTimes, cold_path
            from samlocal.reports.process_start import process_start

            times = CommandTimes(
                process_start=process_start(warm.session.client if warm else None),
                begun=begun,
                project_read=project_read,
                engine_connected=engine_connected,
            )
            return cold_path(times, runner.start_steps, result.phases)

        series = ConsoleSeries(
            chain((first,), iter(new, None)).__next__,
            chosen.repeat,
            hint=run.hint,
            reports=reports,
            cold_path=measure,
            before_result=log.interrupt,
        )
        exit_code = run.invoke(series)
        if reports:
            reports.finish()
    function_failed = exit_code in {EXIT_CODES[each] for each in ("error", "timeout", "failure")}
    raise SystemExit(0 if function_failed and output.exit_zero_on_function_error else exit_code)


invoke = group_options(run_invocation)  # the command; `invoke local` calls the function itself


def _serving(
    request: InvocationRequest, code: CodeOptions, settings: SandboxSettings
) -> ServingOptions:
    """Return what the functions have that the invoked one calls."""
    from samlocal.serving.options import ServingOptions

    return ServingOptions(
        project=request.project_options,
        function=request.options,
        code=plain_code(code),
        sandbox=settings,
    )


def _in_service(  # what an environment and its neighbours need
    prepared: PreparedFunction,
    warm: WarmSettings,
    backend: Backend,
    shaping: tuple[object, ...],
    serving: ServingOptions | None,
    host: Host,
) -> Runner:
    """Return what runs the invocations in the background service."""
    from samlocal.cli.service_runner import ServiceRunner, neighbours_of

    neighbours = neighbours_of(prepared, serving, host) if serving else None
    return ServiceRunner(prepared, warm, backend=backend, options=shaping, neighbours=neighbours)


def _start_ahead() -> None:
    from samlocal.sandbox.process.box_ahead import start_box_ahead

    start_box_ahead()


@contextmanager
def _in_sandbox(
    prepared: PreparedFunction, backend: Backend, project: Project | None
) -> Iterator[Runner]:
    """Yield what runs the invocations in a sandbox of this command; with a project, the function calls others of it."""
    from samlocal.cli.sandbox_runner import SandboxRunner

    with backend.connect() or nullcontext() as engine:
        yield SandboxRunner(
            _with_endpoint(prepared, engine, project) if project else prepared, engine
        )


def _with_endpoint(
    prepared: PreparedFunction, engine: Engine | None, project: Project
) -> PreparedFunction:
    """Return the function, which calls others where an endpoint for the same project and backend is running."""
    from samlocal.endpoints import find_endpoint
    from samlocal.sandbox.backend import address_of

    endpoint = find_endpoint(prepared.resolved.project, address_of(engine))
    if endpoint is None:
        return prepared
    from samlocal.serving.websocket_urls import with_websocket_urls

    return with_websocket_urls(prepared.with_lambda_endpoint(endpoint), project)


def _reports(
    chosen: InvokeOptions,
    output: OutputOptions,
    request: InvocationRequest,
    prepared: PreparedFunction,
) -> ReportOutput | None:
    """Return the reports that are asked for, or that a terminal shows."""
    is_table_seen = chosen.repeat > 1 and sys.stderr.isatty()
    if not (output.report or output.otlp or is_table_seen):
        return None
    from samlocal.cli.report_output import ReportOutput

    return ReportOutput(
        prepared.configuration,
        report=output.report,
        otlp=output.otlp,
        number=chosen.repeat,
        caller_trace=chosen.trace_id or (request.context.trace_id if request.context else None),
    )


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
