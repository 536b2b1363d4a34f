"""Everything that `local invoke` reads before it runs anything: from options to what they name."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.cli.console import print_status
from samlocal.cli.opening import open_with
from samlocal.cli.options.debugging import DebugOptions
from samlocal.errors import UsageError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from samlocal.aws_account import Account
    from samlocal.cli.options.invocation import InvokeOptions
    from samlocal.cli.options.project import ProjectOptions
    from samlocal.context import ContextOverrides
    from samlocal.credentials import Credentials
    from samlocal.diagnostics import Diagnostic
    from samlocal.env_vars.env_file import EnvFile
    from samlocal.env_vars.environment import Environment
    from samlocal.function import Function, FunctionEntry
    from samlocal.invocation import Invocation
    from samlocal.project.project import Project
    from samlocal.sandbox.debugging import DebugSettings

    ImageFor = Callable[[FunctionEntry, Sequence[FunctionEntry]], str | None]


@frozen
class Inputs:
    """What the options name: the function, its environment and the invocation.

    `debug` is None where the function is not to be debugged.
    """

    project: Path
    functions: tuple[FunctionEntry, ...]
    function: Function
    region: str
    environment: Environment
    invocation: Invocation
    diagnostics: tuple[Diagnostic, ...]
    debug: DebugSettings | None = None

    @property
    def timeout_seconds(self) -> int:
        """How long the function may take, as it is told itself."""
        from samlocal.env_vars.lambda_variables import DEBUGGING_TIMEOUT_SECONDS

        return DEBUGGING_TIMEOUT_SECONDS if self.debug else self.function.timeout_seconds


def read_inputs(
    chosen: InvokeOptions,
    project_options: ProjectOptions,
    debug_options: DebugOptions = DebugOptions(),  # noqa: B008  # frozen
    *,
    image_for: ImageFor | None = None,
) -> Inputs:
    """Read all that the options name; `image_for` gives the image that someone chose for a function.

    Raises:
        SamlocalError: Something can't be read, or means nothing.
    """
    from samlocal.cli.new_invocation import new_invocation
    from samlocal.credentials import find_region
    from samlocal.diagnostics import relevant_diagnostics
    from samlocal.qualifier import qualify

    _refuse_second_reader_of_stdin(
        ("--event", chosen.event),
        ("--path", chosen.path),
        ("--context-path", chosen.context_path),
        ("--container-env-vars", debug_options.container_env_vars),
        *(("--env-vars", name) for name in chosen.env_vars or ()),
    )
    payload = _payload(chosen)
    context = _context(chosen)
    profile = project_options.profile
    region = find_region(project_options.region, profile, shell=os.environ, home=Path.home())
    project = open_with(replace(project_options, region=region))
    entry = project.find(chosen.function_identifier)
    debug = _debug_settings(debug_options, entry, project)
    image = image_for(entry, project.functions) if image_for else None
    function = _as_chosen(project.resolve(entry, replaced=_replaced(chosen, image)), chosen)
    qualified = qualify(function, _qualifier(chosen, entry), region=region)
    version = (context and context.function_version) or qualified.version
    credentials, credential_diagnostics = _credentials(chosen, profile, project.account)
    environment = _environment(
        chosen,
        project,
        function,
        credentials=credentials,
        region=region,
        version=version,
        container_file=_container_file(debug_options, _shell(chosen)),
        debugging=debug is not None,
    )
    return Inputs(
        project=project.path,
        functions=project.functions,
        function=function,
        region=region,
        environment=environment,
        invocation=new_invocation(payload, qualified.arn, version, context),
        diagnostics=tuple(
            dict.fromkeys(
                (
                    *project.diagnostics_for(entry),
                    *relevant_diagnostics(
                        function.diagnostics, given=environment.not_from_template()
                    ),
                    *qualified.diagnostics,
                    *(context.diagnostics if context else ()),
                    *(() if _brings_credentials(environment) else credential_diagnostics),
                    *environment.diagnostics,
                )
            )
        ),
        debug=debug,
    )


def _debug_settings(
    chosen: DebugOptions, function: FunctionEntry, project: Project
) -> DebugSettings | None:
    """Return how a function is to be debugged, if it is."""
    if not chosen.debug_port:
        return None
    from samlocal.cli.debug_settings import read_debug_settings

    settings = read_debug_settings(chosen, chosen.debug_port)
    if chosen.debug_function and project.find(chosen.debug_function) != function:
        return None
    return settings


def _qualifier(chosen: InvokeOptions, entry: FunctionEntry) -> str | None:
    from samlocal.project.lookup import qualifier_in

    named = qualifier_in(chosen.function_identifier, entry)
    if named and chosen.qualifier and named != chosen.qualifier:
        raise UsageError(
            f"`{chosen.function_identifier}` and `--qualifier {chosen.qualifier}` name two versions",
            hint="keep one of them",
        )
    return chosen.qualifier or named


def _replaced(chosen: InvokeOptions, image: str | None) -> tuple[str, ...]:
    """Return the properties in whose place an option stands."""
    options_given = {
        "Architectures": chosen.architecture,
        "ImageUri": image,
        "Runtime": chosen.runtime,
    }
    return tuple(name for name, value in options_given.items() if value)


def _as_chosen(function: Function, chosen: InvokeOptions) -> Function:
    """Return a function in the runtime and for the architecture that the options name."""
    function = _in_chosen_runtime(function, chosen.runtime)
    if chosen.architecture is None:
        return function
    return replace(function, architecture=chosen.architecture)


def _in_chosen_runtime(function: Function, runtime: str | None) -> Function:
    if runtime is None:
        return function
    from samlocal.function import ImageCode

    if isinstance(function.code, ImageCode):
        raise UsageError(
            f"`{function.logical_id}` is an image, which has no runtime to choose",
            hint="`--invoke-image` runs it in another image",
        )
    from samlocal.runtimes import find_runtime

    return replace(function, runtime=find_runtime(runtime.lower()).id)


def _refuse_second_reader_of_stdin(*named: tuple[str, str | None]) -> None:
    readers = [option for option, name in named if name == "-"]
    if len(readers) > 1:
        raise UsageError(
            f"stdin can be read once, not by {' and '.join(f'`{each} -`' for each in readers)}",
            hint="name a file for all but one of them",
        )


def _payload(chosen: InvokeOptions) -> bytes:
    from samlocal.events import EventSource, read_event

    source = EventSource(event=chosen.event, data=chosen.data, path=chosen.path, raw=chosen.raw)
    return read_event(source, stdin=sys.stdin.buffer, waiting=_say_what_is_waited_for)


def _say_what_is_waited_for() -> None:
    print_status("Waiting for the event on stdin (`--event FILE` reads it from a file)")


def _context(chosen: InvokeOptions) -> ContextOverrides | None:
    if chosen.context is None and chosen.context_path is None:
        return None
    from samlocal.context import read_context

    return read_context(chosen.context, chosen.context_path, stdin=sys.stdin.buffer)


def _credentials(
    chosen: InvokeOptions, profile: str | None, account: Account
) -> tuple[Credentials | None, tuple[Diagnostic, ...]]:
    if chosen.no_credentials:
        return None, ()
    from samlocal.credentials import find_credentials

    found = find_credentials(profile, shell=os.environ, home=Path.home())
    credentials = found.credentials
    if credentials and not credentials.account_id:
        credentials = replace(credentials, account_id=account.of_credentials)
    return credentials, found.diagnostics


def _brings_credentials(environment: Environment) -> bool:
    """Tell whether `--env` or an env file gives the function credentials of its own."""
    key = environment.variables["AWS_ACCESS_KEY_ID"]
    return key.origin.source in {"section", "command-line", "container"}


def _environment(  # all of it is needed, and used once
    chosen: InvokeOptions,
    project: Project,
    function: Function,
    *,
    credentials: Credentials | None,
    region: str,
    version: str,
    container_file: EnvFile | None,
    debugging: bool,
) -> Environment:
    from samlocal.env_vars.command_line import parse_assignments
    from samlocal.env_vars.resolver import resolve_environment

    shell = _shell(chosen)
    files, diagnostics = _env_files(chosen, project, shell)
    environment = resolve_environment(
        function,
        shell=shell,
        env_files=files,
        command_line=parse_assignments(chosen.env or ()),
        container_file=container_file,
        credentials=credentials,
        region=region,
        account_id=project.account.given,
        version=version,
        debugging=debugging,
    )
    return replace(environment, diagnostics=(*diagnostics, *environment.diagnostics))


def _container_file(chosen: DebugOptions, shell: Mapping[str, str] | None) -> EnvFile | None:
    if chosen.container_env_vars is None:
        return None
    from samlocal.env_vars.reading import read_flat_env_file

    return read_flat_env_file(chosen.container_env_vars, stdin=sys.stdin.buffer, shell=shell)


def _shell(chosen: InvokeOptions) -> Mapping[str, str] | None:
    return None if chosen.no_shell_env else os.environ


def _env_files(
    chosen: InvokeOptions, project: Project, shell: Mapping[str, str] | None
) -> tuple[list[EnvFile], tuple[Diagnostic, ...]]:
    if not chosen.env_vars:
        return [], ()
    from samlocal.env_vars.reading import read_env_file
    from samlocal.env_vars.resolver import remarks_on_sections

    files = [read_env_file(name, stdin=sys.stdin.buffer, shell=shell) for name in chosen.env_vars]
    functions = (*project.functions, *project.excluded)
    return files, tuple(remarks_on_sections(files, functions))
