"""samlocal as a library: the API of `import samlocal`, which the command line uses too.

Open a project, prepare one of its functions, and invoke it once or any number of times:

    project = samlocal.open_project("template.yaml")
    ratings = samlocal.prepare(project, "Ratings")
    with samlocal.start(ratings) as function:
        result = function.invoke({"message": "great"})

Every call raises `SamlocalError` if it fails. Errors of a function are in the `InvocationResult`.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.context import ContextOverrides
    from samlocal.host import Host
    from samlocal.invocation import InvocationResult
    from samlocal.library.running_function import RunningFunction
    from samlocal.preparation.observer import Observer
    from samlocal.preparation.options import CodeOptions, FunctionOptions, ProjectOptions
    from samlocal.preparation.preparation import PreparedFunction
    from samlocal.project.project import Project
    from samlocal.sandbox.output import Log
    from samlocal.sandbox.plan import SandboxSettings

_log = logging.getLogger("samlocal")


def open_project(
    template: Path | str | None = None,
    *,
    options: ProjectOptions | None = None,
    host: Host | None = None,
) -> Project:
    """Open the project of a template, or of a directory that `cdk synth` wrote, without resolving it.

    Without `template`, the template in the host's directory is used. The Region comes from the options, the
    shell or the AWS profile.

    Raises:
        UsageError: The options contradict each other, or boto3 is needed and not installed.
        ProjectError: There is no template, or it cannot be read.
    """
    from samlocal.host import current_host
    from samlocal.preparation import project
    from samlocal.preparation.options import ProjectOptions

    host = host or current_host()
    options = options or ProjectOptions()
    if template is not None:
        options = replace(options, template=Path(template))
    return project.open_project(project.with_region(options, host), host)


def prepare(
    project: Project,
    function: str | None = None,
    *,
    options: FunctionOptions | None = None,
    code: CodeOptions | None = None,
    sandbox: SandboxSettings | None = None,
    host: Host | None = None,
    observer: Observer | None = None,
    checks_ports: bool = True,
) -> PreparedFunction:
    """Prepare a function to run: resolve its environment, and get its code and layers to this machine.

    `function` is any of its identifiers; None means the only function of the project. Without an
    `observer`, diagnostics go to the logger `samlocal`. With `checks_ports`, a debug port that another
    program uses is an error at once.

    Raises:
        ProjectError: There is no such function, or a value that it needs is missing.
        SamlocalError: Something else that it needs is not available.
    """
    from samlocal.host import current_host
    from samlocal.preparation.observer import LoggingObserver
    from samlocal.preparation.options import CodeOptions, FunctionOptions
    from samlocal.preparation.preparation import prepare
    from samlocal.preparation.resolution import resolve_function
    from samlocal.sandbox.plan import SandboxSettings

    host = host or current_host()
    return prepare(
        resolve_function(project, function, options or FunctionOptions(), host),
        sandbox or SandboxSettings(),
        host,
        observer or LoggingObserver(_log),
        code=code or CodeOptions(),
        checks_ports=checks_ports,
    )


def start(
    prepared: PreparedFunction, *, engine: str | None = None, log: Log | None = None
) -> RunningFunction:
    """Return a function for consecutive invocations; use it in a `with` statement.

    `engine` names a container engine, as in `--engine`. `log` gets the function's output and Lambda's
    lines about it; None means stderr.
    """
    from samlocal.library.logs import StderrLog

    log = log or StderrLog()
    if prepared.configuration.initialization_type == "lambda-managed-instances":
        from samlocal.library.concurrent_function import ConcurrentFunction

        return ConcurrentFunction(prepared, engine=engine, log=log)
    from samlocal.library.running_function import RunningFunction

    return RunningFunction(prepared, engine=engine, log=log)


def invoke(  # as `RunningFunction.invoke`, and where it runs
    prepared: PreparedFunction,
    event: object = None,
    *,
    payload: bytes | None = None,
    context: ContextOverrides | None = None,
    tenant_id: str | None = None,
    engine: str | None = None,
    log: Log | None = None,
    on_chunk: Callable[[bytes], object] | None = None,
) -> InvocationResult:
    """Invoke a function once, in an execution environment of its own: see `RunningFunction.invoke`.

    Raises:
        EventError: The event or the payload is not JSON, or is larger than Lambda allows.
        SandboxError: No sandbox can be had, or it was lost.
    """
    with start(prepared, engine=engine, log=log) as running:
        return running.invoke(
            event, payload=payload, context=context, tenant_id=tenant_id, on_chunk=on_chunk
        )
