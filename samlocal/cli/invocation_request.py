"""Reads the options of `local invoke`: the function, its environment, the event and the context."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.cli.console import print_status
from samlocal.cli.plain_options import plain_function, plain_project
from samlocal.errors import UsageError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from samlocal.cli.options.container import ContainerOptions
    from samlocal.cli.options.debugging import DebugOptions
    from samlocal.cli.options.invocation import InvokeOptions
    from samlocal.cli.options.project import ProjectOptions
    from samlocal.context import ContextOverrides
    from samlocal.host import Host
    from samlocal.invocation import Invocation
    from samlocal.preparation.resolution import ResolvedFunction


@frozen
class InvocationRequest:
    """A function and its invocation, as the options describe them."""

    resolved: ResolvedFunction
    invocation: Invocation


def read_request(
    chosen: InvokeOptions,
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
    from samlocal.preparation.new_invocation import new_invocation
    from samlocal.preparation.resolution import resolve_function

    _refuse_second_stdin(
        ("--event", chosen.event),
        ("--path", chosen.path),
        ("--context-path", chosen.context_path),
        ("--container-env-vars", debugging.container_env_vars),
        *(("--env-vars", name) for name in chosen.env_vars or ()),
    )
    payload = _payload(chosen, host)
    context = _context(chosen, host)
    options = plain_function(chosen, project_options, debugging, container)
    if context:
        options = replace(options, version=context.function_version)
    project = open_project(options=plain_project(project_options), host=host)
    resolved = resolve_function(project, chosen.function_identifier, options, host)
    if context:
        diagnostics = dict.fromkeys((*resolved.diagnostics, *context.diagnostics))
        resolved = replace(resolved, diagnostics=tuple(diagnostics))
    return InvocationRequest(
        resolved=resolved, invocation=new_invocation(resolved, payload, context)
    )


def _refuse_second_stdin(*named: tuple[str, str | None]) -> None:
    readers = [option for option, name in named if name == "-"]
    if len(readers) > 1:
        raise UsageError(
            f"stdin can be read once, not by {' and '.join(f'`{each} -`' for each in readers)}",
            hint="read all but one from a file",
        )


def _payload(chosen: InvokeOptions, host: Host) -> bytes:
    from samlocal.events import EventSource, read_event

    source = EventSource(event=chosen.event, data=chosen.data, path=chosen.path, raw=chosen.raw)
    return read_event(source, stdin=host.stdin, waiting=_show_waiting)


def _show_waiting() -> None:
    print_status("Waiting for the event on stdin (`--event FILE` reads it from a file)")


def _context(chosen: InvokeOptions, host: Host) -> ContextOverrides | None:
    if chosen.context is None and chosen.context_path is None:
        return None
    from samlocal.context import read_context

    return read_context(chosen.context, chosen.context_path, stdin=host.stdin)
