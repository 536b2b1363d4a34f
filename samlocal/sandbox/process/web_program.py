"""Plans the process of a web function: its program on an interpreter of this machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.sandbox.plan import code_mounts, empty_sandbox
from samlocal.sandbox.process.container_features import (
    ignored_options,
    require_native_bootstrap,
    require_process,
)
from samlocal.sandbox.process.interpreter_program import make_script_program
from samlocal.sandbox.process.program import Program, image_variables
from samlocal.sandbox.process_spec import ProcessSpec
from samlocal.sandbox.sandbox import TASK_ROOT
from samlocal.sandbox.web_programs import (
    require_entry_point,
    require_web_runtime,
    web_diagnostics,
    web_sandbox,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from samlocal.artifacts.symlinks import OutgoingLink
    from samlocal.diagnostics import Diagnostic
    from samlocal.function import Function
    from samlocal.host import Host
    from samlocal.sandbox.plan import SandboxSettings


def plan_web_process(
    function: Function,
    entry_point: str,
    environment: Mapping[str, str],
    *,
    project: Path,
    code: Path,
    settings: SandboxSettings,
    host: Host,
    links: Sequence[OutgoingLink] = (),
) -> tuple[ProcessSpec, tuple[Diagnostic, ...]]:
    """Return the process of a web function whose code is in the directory `code`, and how it differs from AWS.

    `project` is the template's path. The targets of `links` are visible, too. The interpreter is one of `host`.

    Raises:
        RuntimeNotFoundError: There is no such runtime, or it runs no programs.
        EngineRequiredError: The function can run in a container only.
        InterpreterNotFoundError: This machine has no interpreter for it.
        CodeNotFoundError: The code has no such file.
    """
    runtime = require_web_runtime(function)
    require_process(function, runtime, settings)
    path = require_entry_point(function, entry_point, code)
    folders = {TASK_ROOT: code}
    if runtime.bootstraps:
        require_native_bootstrap(function, folders, path)
        program = Program(words=(path,), label=path, variables=image_variables(has_layers=False))
    else:
        program = make_script_program(
            function,
            runtime,
            path,
            folders=(project.parent, code),
            chosen=settings.interpreter,
            host=host,
        )
    sandbox = empty_sandbox(function, environment, project=project, settings=settings)
    sandbox = web_sandbox(sandbox, runtime, settings)
    sandbox = replace(sandbox, mounts=(*code_mounts(folders, links), *sandbox.mounts))
    needs = program.needs
    if settings.ca_bundle:
        from samlocal.sandbox.ca_bundle import with_local_bundle  # noqa: PLC0415  # few runs need it

        sandbox = with_local_bundle(sandbox, settings.ca_bundle)
        needs += (settings.ca_bundle,)
    spec = ProcessSpec(
        sandbox=sandbox,
        program=program.words,
        label=program.label,
        variables=program.variables,
        needs=needs,
    )
    return spec, (
        *ignored_options(settings),
        *program.diagnostics,
        *web_diagnostics(function, runtime),
    )
