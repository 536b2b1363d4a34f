"""Plans the processes of a function: its program, and what it sees of this machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.sandbox.plan import code_mounts, empty_sandbox, require_built_code, require_runnable
from samlocal.sandbox.process.container_features import (
    foreign_architecture,
    ignored_options,
    require_native_bootstrap,
    require_process,
)
from samlocal.sandbox.process.program import Program, image_variables
from samlocal.sandbox.process_spec import ProcessSpec
from samlocal.sandbox.sandbox import LAYER_ROOT, TASK_ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from samlocal.artifacts.symlinks import OutgoingLink
    from samlocal.diagnostics import Diagnostic
    from samlocal.function import Function
    from samlocal.host import Host
    from samlocal.runtimes import Runtime
    from samlocal.sandbox.plan import SandboxSettings
    from samlocal.sandbox.sandbox import SandboxSpec

_WRAPPER: Final = "AWS_LAMBDA_EXEC_WRAPPER"


def plan_process(
    function: Function,
    environment: Mapping[str, str],
    *,
    project: Path,
    code: Path,
    settings: SandboxSettings,
    host: Host,
    layers: Path | None = None,
    links: Sequence[OutgoingLink] = (),
) -> tuple[ProcessSpec, tuple[Diagnostic, ...]]:
    """Return the processes of a function whose code is in the directory `code`, and how they differ from Lambda.

    `project` is the template's path; `layers` is the directory with the content of all its layers.
    The targets of `links` are visible, too. The interpreter is one of `host`.

    Raises:
        RuntimeNotFoundError: There is no such runtime.
        EngineRequiredError: The function can run in a container only.
        InterpreterNotFoundError: This machine has no interpreter or no runtime client for it.
        CodeNotFoundError: The code is not built, or has no `bootstrap` that the runtime can start.
        TemplateError: The function lacks a handler.
        DebuggerNotFoundError: The debugger for the function is not available.
    """
    runtime = require_runnable(function)
    require_process(function, runtime, settings)
    require_built_code(function, runtime, code, project)
    folders = {TASK_ROOT: code} | ({LAYER_ROOT: layers} if layers else {})
    sandbox = empty_sandbox(function, environment, project=project, settings=settings)
    sandbox = replace(
        sandbox,
        mounts=(*code_mounts(folders, links), *sandbox.mounts),
        family=runtime.family,
    )
    if runtime.bootstraps:
        program = _bootstrap(function, runtime, folders, project)
    else:
        from samlocal.sandbox.process.interpreter_program import make_program  # noqa: PLC0415  # not for bootstraps

        program = make_program(
            function,
            runtime,
            environment,
            folders=folders,
            project=project.parent,
            chosen=settings.interpreter,
            host=host,
        )
    spec = _spec(sandbox, program, runtime, settings)
    return spec, (
        *ignored_options(settings),
        *program.diagnostics,
        *(() if runtime.bootstraps else foreign_architecture(function)),
    )


def _bootstrap(
    function: Function, runtime: Runtime, folders: Mapping[str, Path], project: Path
) -> Program:
    from samlocal.sandbox.bootstrap import find_bootstrap  # noqa: PLC0415  # few have any

    path = find_bootstrap(function, runtime, folders, project)
    require_native_bootstrap(function, folders, path)
    return Program(
        words=(path,), label=path, variables=image_variables(has_layers=LAYER_ROOT in folders)
    )


def _spec(
    sandbox: SandboxSpec, program: Program, runtime: Runtime, settings: SandboxSettings
) -> ProcessSpec:
    needs = program.needs
    sandbox = replace(sandbox, entrypoint=program.words)
    if settings.debug:
        from samlocal.sandbox.debugging import with_local_debugger  # noqa: PLC0415  # few runs need it

        sandbox, files = with_local_debugger(sandbox, runtime, settings.debug)
        needs += files
    if settings.ca_bundle:
        from samlocal.sandbox.ca_bundle import with_local_bundle  # noqa: PLC0415  # few runs need it

        sandbox = with_local_bundle(sandbox, settings.ca_bundle)
        needs += (settings.ca_bundle,)
    return ProcessSpec(
        sandbox=replace(sandbox, entrypoint=None),
        program=_wrapped(sandbox),
        label=program.label,
        variables=program.variables,
        needs=needs,
    )


def _wrapped(sandbox: SandboxSpec) -> tuple[str, ...]:
    """Return the program; the function's wrapper script starts it, if there is one.

    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
    A runtime that the function brings does not know of it.
    """
    words = sandbox.entrypoint or ()
    wrapper = sandbox.environment.get(_WRAPPER)
    return (wrapper, *words) if wrapper and sandbox.family != "provided" else words
