"""Reads the event and the context of `invoke local` and `invoke`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.cli.console import print_status, show_diagnostic
from samlocal.diagnostics import Diagnostic
from samlocal.documents.input_files import STDIN
from samlocal.events import EventSource, read_event
from samlocal.path_kinds import is_directory, is_file
from samlocal.serverless_event import (
    SCRIPTS,
    Readers,
    ServerlessEvent,
    in_project,
    read_serverless_event,
)

if TYPE_CHECKING:
    from samlocal.cli.options.invocation import InvokeOptions
    from samlocal.cli.options.project import ProjectOptions
    from samlocal.context import ContextOverrides
    from samlocal.host import Host


def read_serverless_input(
    chosen: InvokeOptions, project: ProjectOptions, host: Host, *, is_stdin_free: bool
) -> tuple[ServerlessEvent, ContextOverrides | None]:
    """Return the event and the context, by Serverless's rules; `--event` and `--no-event` keep samlocal's.

    Standard input is the event if no option names it, which `is_stdin_free` says.

    Raises:
        SamlocalError: A file cannot be read, or a value is invalid.
    """
    directory = project_directory(project, host)
    return (
        _event(chosen, directory, host, is_stdin_free=is_stdin_free),
        _context(chosen, directory, host),
    )


def read_serverless_payload(
    source: EventSource, directory: Path, host: Host, *, is_stdin_free: bool
) -> ServerlessEvent:
    """Return the event by Serverless's rules; relative paths start from `directory`.

    Raises:
        EventError: It cannot be read.
    """
    from samlocal.preparation.script_event import run_script

    readers = Readers(
        directory=directory,
        run_script=run_script,
        stdin=host.stdin if is_stdin_free else None,
        waiting=_show_waiting,
    )
    return read_serverless_event(source, readers, named_stdin=host.stdin)


def project_directory(project: ProjectOptions, host: Host) -> Path:
    """Return the directory that relative paths start from: that of the configuration file."""
    if project.template is None:
        return host.directory
    template = project.template.absolute()
    return template if is_directory(template) else template.parent


def _event(
    chosen: InvokeOptions, directory: Path, host: Host, *, is_stdin_free: bool
) -> ServerlessEvent:
    source = EventSource(event=chosen.event, data=chosen.data, path=chosen.path, raw=chosen.raw)
    if chosen.event is not None or (chosen.no_event and (source.data, source.path) == (None, None)):
        return ServerlessEvent(payload=read_event(source, stdin=host.stdin))
    return read_serverless_payload(source, directory, host, is_stdin_free=is_stdin_free)


def _context(chosen: InvokeOptions, directory: Path, host: Host) -> ContextOverrides | None:
    if (chosen.context, chosen.context_path, chosen.trace_id) == (None, None, None):
        return None
    from samlocal.context import read_context, with_trace

    for diagnostic in _configuration_as_context(chosen.context):
        show_diagnostic(diagnostic)  # at once: without its configuration, there may be no project
    text, path, raw = context_source(chosen.context, chosen.context_path, directory, raw=chosen.raw)
    context = read_context(text, path, stdin=host.stdin, is_lenient=True, raw=raw)
    return with_trace(context, chosen.trace_id)


def context_source(
    text: str | None, path: str | None, directory: Path, *, raw: bool
) -> tuple[str | None, str | None, bool]:
    """Return the text, the file and whether text is no JSON; of a file in JavaScript, the text is what it exports.

    Raises:
        EventError: The file in JavaScript throws.
    """
    if path is None or path == STDIN:
        return text, path, raw
    path = in_project(path, directory)
    if Path(path).suffix.lower() not in SCRIPTS or not is_file(path):
        return text, path, raw
    from samlocal.preparation.script_event import run_script

    return run_script(Path(path).absolute()), None, False


def _configuration_as_context(text: str | None) -> tuple[Diagnostic, ...]:
    """Warn of `-c FILE`: in the code of Serverless, but not in its pages, `-c` is `--config`."""
    suffixes = {".yml", ".yaml", ".json", ".js", ".mjs", ".cjs", ".ts"}
    if text is None or Path(text).suffix not in suffixes or not is_file(text):
        return ()
    message = f"`{text}` is the text of the context, not a file"
    hint = (
        f"`--config {text}` reads it as the configuration, `--context-path {text}` as the context"
    )
    return (Diagnostic(message=message, hint=hint),)


def _show_waiting() -> None:
    print_status("Waiting for the event on stdin (`--data '{}'` is an empty event)")
