"""Reads the options of `local invoke`: the function, its environment, the event and the context."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.cli.console import print_status
from samlocal.cli.plain_options import plain_function, plain_project_of, refuse_second_stdin
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from samlocal.cli.options.container import ContainerOptions
    from samlocal.cli.options.debugging import DebugOptions
    from samlocal.cli.options.environment import EnvironmentOptions
    from samlocal.cli.options.invocation import InvokeOptions
    from samlocal.cli.options.project import ProjectOptions
    from samlocal.context import ContextOverrides
    from samlocal.diagnostics import Diagnostic
    from samlocal.host import Host
    from samlocal.preparation import options as plain
    from samlocal.project.project import Project


@frozen
class InvocationRequest:
    """The function to run, the event, and what replaces parts of the context."""

    project: Project
    function_identifier: str | None
    project_options: plain.ProjectOptions
    options: plain.FunctionOptions
    payload: bytes
    context: ContextOverrides | None
    tenant_id: str | None = None
    event_diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What may surprise about the event, and what is dropped of the context."""
        return (*self.event_diagnostics, *(self.context.diagnostics if self.context else ()))


def read_request(
    chosen: InvokeOptions,
    environment: EnvironmentOptions,
    project_options: ProjectOptions,
    debugging: DebugOptions,
    container: ContainerOptions,
    host: Host,
) -> InvocationRequest:
    """Return the function and the invocation that the options describe.

    Raises:
        SamlocalError: A file cannot be read, or a value is invalid.
    """
    from samlocal.library import open_project

    readers = (
        ("--event", chosen.event),
        ("--path", chosen.path),
        ("--context-path", chosen.context_path),
        ("--container-env-vars", debugging.container_env_vars),
        *(("--env-vars", name) for name in environment.env_vars or ()),
    )
    refuse_second_stdin(*readers)
    if chosen.spelling == "serverless":
        from samlocal.cli.serverless_request import read_serverless_input

        is_stdin_free = all(name != "-" for _, name in readers)
        event, context = read_serverless_input(
            chosen, project_options, host, is_stdin_free=is_stdin_free
        )
        payload, event_diagnostics = event.payload, event.diagnostics
    else:
        payload, event_diagnostics = _payload(chosen, host), ()
        context = _context(chosen, host)
    if chosen.tenant_id is not None:
        from samlocal.tenancy import check_tenant_id

        check_tenant_id(chosen.tenant_id)
    options = replace(
        plain_function(environment, project_options, debugging, container),
        runtime=chosen.runtime,
        architecture=chosen.architecture,
        qualifier=chosen.qualifier,
        version=context.function_version if context else None,
        snap_start=chosen.snapstart,
    )
    chosen_project = plain_project_of(project_options, chosen)
    project = open_project(options=chosen_project, host=host)
    if context and context.variables and project.stage is not None:
        # Elsewhere only the function's configuration sets them.
        options = replace(options, variables={**dict(context.variables), **options.variables})
    return InvocationRequest(
        project=project,
        project_options=chosen_project,
        function_identifier=chosen.function_identifier,
        options=options,
        payload=payload,
        context=context,
        tenant_id=chosen.tenant_id,
        event_diagnostics=event_diagnostics,
    )


def _payload(chosen: InvokeOptions, host: Host) -> bytes:
    from samlocal.events import EventSource, read_event

    source = EventSource(event=chosen.event, data=chosen.data, path=chosen.path, raw=chosen.raw)
    return read_event(source, stdin=host.stdin, waiting=_show_waiting)


def _show_waiting() -> None:
    print_status("Waiting for the event on stdin (`--event FILE` reads it from a file)")


def _context(chosen: InvokeOptions, host: Host) -> ContextOverrides | None:
    if (chosen.context, chosen.context_path, chosen.trace_id) == (None, None, None):
        return None
    from samlocal.context import read_context, with_trace

    context = read_context(chosen.context, chosen.context_path, stdin=host.stdin)
    return with_trace(context, chosen.trace_id)
