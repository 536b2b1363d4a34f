"""Resolves a function of a project and its environment according to the options."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.errors import UsageError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from samlocal.credentials import Credentials
    from samlocal.diagnostics import Diagnostic
    from samlocal.env_vars.env_file import EnvFile
    from samlocal.env_vars.environment import Environment
    from samlocal.env_vars.lambda_variables import Execution
    from samlocal.function import Function, FunctionEntry
    from samlocal.function_configuration import ContainerCredentials, InitializationType
    from samlocal.host import Host
    from samlocal.preparation.options import FunctionOptions
    from samlocal.project.project import Project
    from samlocal.sandbox.debugging import DebugSettings


@frozen
class ResolvedFunction:
    """A function with its environment, ARN and version.

    `project` is the path of the template. `image` replaces the function's own, if set.
    `debug` is None if the function runs without a debugger. Up to `max_concurrency` invocations run at once
    in one environment. `credentials` are for an endpoint, with SnapStart
    only, if `environment` has none. `entry_point` is the program of a web function, a file of its code that runs
    instead of a handler.
    """

    project: Path
    function: Function
    arn: str
    version: str
    environment: Environment
    diagnostics: tuple[Diagnostic, ...]
    image: str | None = None
    profile: str | None = None
    ca_bundle: bytes | None = None
    debug: DebugSettings | None = None
    initialization_type: InitializationType = "on-demand"
    max_concurrency: int = 1
    credentials: ContainerCredentials | None = None
    entry_point: str | None = None

    @property
    def timeout_seconds(self) -> int:
        """The function's timeout, as its environment states it."""
        from samlocal.env_vars.lambda_variables import DEBUGGING_TIMEOUT_SECONDS

        return DEBUGGING_TIMEOUT_SECONDS if self.debug else self.function.timeout_seconds


def resolve_function(
    project: Project, identifier: str | None, options: FunctionOptions, host: Host
) -> ResolvedFunction:
    """Resolve the function with that identifier and its environment; None selects the only function.

    Raises:
        SamlocalError: A file cannot be read, or options contradict each other.
    """
    from samlocal.diagnostics import relevant_diagnostics
    from samlocal.env_vars.lambda_variables import MAX_CONCURRENCY_NAME, Execution
    from samlocal.preparation.execution_role import container_credentials, find_credentials_for
    from samlocal.qualifier import qualify

    entry = project.find(identifier)
    image = chosen_image(options.images, entry, project.functions)
    function = project.resolve(
        entry, replaced=_replaced_properties(options, image), for_api=options.for_api
    )
    function = _with_chosen_runtime(function, options)
    qualifier = _qualifier(options, identifier, entry)
    qualified = qualify(function, qualifier)
    version = options.version or qualified.version
    debug = _debug_settings(options, entry, project)
    credentials, credential_diagnostics = find_credentials_for(project, options, host)
    execution, execution_diagnostics = _with_initialization(
        function, Execution(version=version, debugging=debug is not None), options
    )
    environment = read_environment(
        options, project, function, credentials=credentials, execution=execution, host=host
    )
    initialization_type = execution.initialization_type
    max_concurrency = environment.variables.get(MAX_CONCURRENCY_NAME)
    if max_concurrency:
        initialization_type = "lambda-managed-instances"
    has_own_credentials = _has_own_credentials(environment)
    diagnostics = (
        *project.diagnostics_for(entry),
        *relevant_diagnostics(function.diagnostics, given=environment.not_from_template()),
        *qualified.diagnostics,
        *execution_diagnostics,
        *(() if has_own_credentials else credential_diagnostics),
        *environment.diagnostics,
    )
    return ResolvedFunction(
        project=project.path,
        function=function,
        arn=qualified.arn,
        version=version,
        environment=environment,
        diagnostics=tuple(dict.fromkeys(diagnostics)),
        image=image,
        profile=options.profile,
        ca_bundle=options.ca_bundle,
        debug=debug,
        initialization_type=initialization_type,
        max_concurrency=int(max_concurrency.value) if max_concurrency else 1,
        credentials=container_credentials(credentials)
        if initialization_type == "snap-start" and not has_own_credentials
        else None,
    )


def chosen_image(
    images: Mapping[str, str], function: FunctionEntry, functions: Sequence[FunctionEntry]
) -> str | None:
    """Return the chosen image of a function.

    Raises:
        FunctionNotFoundError: An image is for a function that the project does not have.
        AmbiguousFunctionError: The identifier matches more than one function.
    """
    from samlocal.project.lookup import find

    own = None
    for identifier, image in images.items():
        if identifier and find(functions, identifier).full_path == function.full_path:
            own = image
    return own or images.get("")


def _qualifier(
    options: FunctionOptions, identifier: str | None, entry: FunctionEntry
) -> str | None:
    from samlocal.project.lookup import qualifier_in

    named = qualifier_in(identifier, entry)
    if named and options.qualifier and named != options.qualifier:
        raise UsageError(
            f"`{identifier}` and `--qualifier {options.qualifier}` select two versions",
            hint="keep one of them",
        )
    return options.qualifier or named


def _replaced_properties(options: FunctionOptions, image: str | None) -> tuple[str, ...]:
    chosen = {
        "Architectures": options.architecture,
        "ImageUri": image,
        "Runtime": options.runtime,
    }
    return tuple(name for name, value in chosen.items() if value)


def _with_chosen_runtime(function: Function, options: FunctionOptions) -> Function:
    """Return the function with the runtime and the architecture of the options."""
    if options.architecture:
        function = replace(function, architecture=options.architecture)
    if options.runtime is None:
        return function
    from samlocal.function import ImageCode
    from samlocal.runtimes import find_runtime

    if isinstance(function.code, ImageCode):
        raise UsageError(
            f"`{function.logical_id}` is a container image, which has no `Runtime`",
            hint="use `--invoke-image` to run another image",
        )
    return replace(function, runtime=find_runtime(options.runtime.lower()).id)


def _with_initialization(
    function: Function, execution: Execution, options: FunctionOptions
) -> tuple[Execution, tuple[Diagnostic, ...]]:
    """Return the execution on managed instances or with SnapStart, if the function is for them."""
    if function.capacity_provider and not options.snap_start:
        from samlocal.preparation.managed_instances import choose_concurrency

        concurrency, diagnostics = choose_concurrency(
            function, function.capacity_provider, debugging=execution.debugging
        )
        return execution.with_concurrency(concurrency), diagnostics
    if not (function.snap_start or options.snap_start):
        return execution, ()
    from samlocal.preparation.initialization import choose_initialization

    initialization_type, diagnostics = choose_initialization(
        function, execution.version, snap_start=options.snap_start
    )
    return replace(execution, initialization_type=initialization_type), diagnostics


def _debug_settings(
    options: FunctionOptions, entry: FunctionEntry, project: Project
) -> DebugSettings | None:
    if options.debug and options.debugged_function:
        return options.debug if project.find(options.debugged_function) == entry else None
    return options.debug


def _has_own_credentials(environment: Environment) -> bool:
    """Tell whether `--env` or an env file sets the function's credentials."""
    key = environment.variables.get("AWS_ACCESS_KEY_ID")
    return key is not None and key.origin.source in {"section", "command-line", "container"}


def read_environment(  # all of it is needed, and used once
    options: FunctionOptions,
    project: Project,
    function: Function,
    *,
    credentials: Credentials | None,
    execution: Execution,
    host: Host,
) -> Environment:
    """Return the environment of a function from all sources of the options.

    Raises:
        SamlocalError: A file cannot be read, or an option sets a reserved name.
    """
    from samlocal.env_vars.resolver import resolve_environment

    shell = host.variables if options.reads_shell else None
    files, diagnostics = _env_files(options, project, shell, host)
    environment = resolve_environment(
        function,
        shell=shell,
        env_files=files,
        command_line=options.variables,
        container_file=_container_env_file(options, shell, host),
        credentials=credentials,
        account_id=project.account.given,
        execution=execution,
    )
    environment = replace(environment, diagnostics=(*diagnostics, *environment.diagnostics))
    if options.ca_bundle is None:
        return environment
    from samlocal.sandbox.ca_bundle import with_ca_bundle

    return with_ca_bundle(environment)


def _env_files(
    options: FunctionOptions, project: Project, shell: Mapping[str, str] | None, host: Host
) -> tuple[list[EnvFile], tuple[Diagnostic, ...]]:
    if not options.env_files:
        return [], ()
    from samlocal.env_vars.reading import read_env_file
    from samlocal.env_vars.resolver import find_unknown_sections

    files = [read_env_file(name, stdin=host.stdin, shell=shell) for name in options.env_files]
    functions = (*project.functions, *project.excluded)
    unknown = tuple(find_unknown_sections(files, functions))
    if unknown:  # few projects have web functions
        web = (each.entry for each in project.read_web_functions().functions)
        unknown = tuple(find_unknown_sections(files, (*functions, *web)))
    return files, unknown


def _container_env_file(
    options: FunctionOptions, shell: Mapping[str, str] | None, host: Host
) -> EnvFile | None:
    if options.container_env_file is None:
        return None
    from samlocal.env_vars.reading import read_flat_env_file

    return read_flat_env_file(options.container_env_file, stdin=host.stdin, shell=shell)
