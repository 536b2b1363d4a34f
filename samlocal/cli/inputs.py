"""All that `local invoke` reads before it prepares anything: the event, the function, its environment."""

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
class Inputs:
    """The function that the options name, and the invocation of it."""

    resolved: ResolvedFunction
    invocation: Invocation


def read_inputs(
    chosen: InvokeOptions,
    project_options: ProjectOptions,
    debugging: DebugOptions,
    container: ContainerOptions,
    host: Host,
) -> Inputs:
    """Read all that the options name.

    Raises:
        SamlocalError: Something cannot be read, or means nothing.
    """
    from samlocal.library import open_project
    from samlocal.preparation.new_invocation import new_invocation
    from samlocal.preparation.resolution import resolve_function

    _refuse_second_reader_of_stdin(
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
    return Inputs(resolved=resolved, invocation=new_invocation(resolved, payload, context))


def _refuse_second_reader_of_stdin(*named: tuple[str, str | None]) -> None:
    readers = [option for option, name in named if name == "-"]
    if len(readers) > 1:
        raise UsageError(
            f"stdin can be read once, not by {' and '.join(f'`{each} -`' for each in readers)}",
            hint="name a file for all but one of them",
        )


def _payload(chosen: InvokeOptions, host: Host) -> bytes:
    from samlocal.events import EventSource, read_event

    source = EventSource(event=chosen.event, data=chosen.data, path=chosen.path, raw=chosen.raw)
    return read_event(source, stdin=host.stdin, waiting=_show_what_is_waited_for)


def _show_what_is_waited_for() -> None:
    print_status("Waiting for the event on stdin (`--event FILE` reads it from a file)")


def _context(chosen: InvokeOptions, host: Host) -> ContextOverrides | None:
    if chosen.context is None and chosen.context_path is None:
        return None
    from samlocal.context import read_context

    return read_context(chosen.context, chosen.context_path, stdin=host.stdin)
