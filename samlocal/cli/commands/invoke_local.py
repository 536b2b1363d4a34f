"""`samlocal invoke local`: `local invoke` with the options of `serverless invoke local`."""

from __future__ import annotations

from dataclasses import replace

from samlocal.cli.commands.local_invoke import run_invocation
from samlocal.cli.option_groups import group_options_with
from samlocal.cli.options.code import CodeOptions
from samlocal.cli.options.container import ContainerOptions
from samlocal.cli.options.debugging import DebugOptions
from samlocal.cli.options.environment import EnvironmentOptions
from samlocal.cli.options.general import GeneralOptions
from samlocal.cli.options.invocation import OutputOptions
from samlocal.cli.options.keep_warm import KeepWarmOptions
from samlocal.cli.options.limits import LimitOptions
from samlocal.cli.options.sam_only import SamOptions
from samlocal.cli.options.serverless import (
    SHORT_OPTIONS,
    InvokeLocalOptions,
    OtherServerlessOptions,
    ServerlessProjectOptions,
)
from samlocal.errors import UsageError


@group_options_with(SHORT_OPTIONS)
def invoke_local(  # noqa: PLR0913  # groups of options, mostly
    *,
    chosen: InvokeLocalOptions,
    environment: EnvironmentOptions,
    project: ServerlessProjectOptions,
    code: CodeOptions,
    container: ContainerOptions,
    limits: LimitOptions,
    debugging: DebugOptions,
    kept: KeepWarmOptions,
    output: OutputOptions,
    other: OtherServerlessOptions,
    general: GeneralOptions,
) -> None:
    """Run a function of a Serverless project once, as `serverless invoke local` does.

    The function's result goes to stdout, and nothing else. Its logs go to stderr. The event is that of
    --path or --data, else standard input, unless it is a terminal; else {}.

    Exit status: 0 result; 1 samlocal could not run the function; 2 wrong usage; 3 the function
    returned an error; 4 the function timed out; 5 the runtime died or did not initialise. With
    --repeat it is that of the first invocation that did not succeed.
    """
    if chosen.function_identifier is None:
        raise UsageError("`--function` is missing", hint="name a function of the project: -f NAME")
    if other.docker and container.sandbox == "process":
        message = "`--docker` and `--sandbox process` contradict each other"
        raise UsageError(message, hint="keep one of them")
    if container.docker_arg:
        from samlocal.cli.docker_run_options import apply_docker_run_options

        container, environment = apply_docker_run_options(container, environment)
    run_invocation(
        chosen=chosen,
        environment=_with_empty_values(environment),
        project=project,
        code=code,
        container=replace(container, sandbox="docker") if other.docker else container,
        limits=limits,
        debugging=debugging,
        kept=kept,
        output=output,
        sam=SamOptions(),
        general=general,
    )


def _with_empty_values(environment: EnvironmentOptions) -> EnvironmentOptions:
    """Return the options with `--env NAME` as `--env NAME=`, as Serverless has it."""
    assignments = [each if "=" in each else f"{each}=" for each in environment.env or ()]
    return replace(environment, env=assignments or None)
