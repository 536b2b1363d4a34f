"""What the options that all endpoints share mean, at the start and after a change of samconfig."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.cli.console import print_status, show_error
from samlocal.cli.option_sources import config_state, is_repeated, run_again
from samlocal.cli.options.endpoint import ServedOptions
from samlocal.cli.plain_options import (
    plain_code,
    plain_function,
    plain_project,
    refuse_second_stdin,
)
from samlocal.durations import parse_duration
from samlocal.errors import SamlocalError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    import typer

    from samlocal.cli.endpoint_settings import EndpointSettings
    from samlocal.cli.observer import ConsoleObserver
    from samlocal.cli.options.code import CodeOptions
    from samlocal.cli.options.container import ContainerOptions
    from samlocal.cli.options.endpoint import EndpointOptions, ServedDebugOptions, WarmOptions
    from samlocal.cli.options.environment import EnvironmentOptions
    from samlocal.cli.options.limits import LimitOptions
    from samlocal.cli.options.project import ProjectOptions
    from samlocal.serving.options import ServingOptions


@frozen
class ServedGroups:
    """The groups of options that shape what is served, and `others`, which have an effect at the start only."""

    endpoint: EndpointOptions
    warm: WarmOptions
    environment: EnvironmentOptions
    project: ProjectOptions
    code: CodeOptions
    container: ContainerOptions
    limits: LimitOptions
    debugging: ServedDebugOptions
    functions: ServedOptions = ServedOptions()
    others: tuple[object, ...] = ()


def endpoint_settings(
    context: typer.Context, groups: ServedGroups, observer: ConsoleObserver
) -> EndpointSettings:
    """Return the settings of an endpoint.

    Raises:
        UsageError: An option is wrong.
        SamlocalError: No engine answers, and no process can be run.
    """
    environment, debugging, warm = groups.environment, groups.debugging, groups.warm
    refuse_second_stdin(
        ("--container-env-vars", debugging.container_env_vars),
        *(("--env-vars", name) for name in environment.env_vars or ()),
    )
    from samlocal.cli.chosen_backend import chosen_backend
    from samlocal.cli.endpoint_settings import EndpointSettings
    from samlocal.host import current_host

    return EndpointSettings(
        serving=_serving(groups),
        backend=chosen_backend(
            groups.container, current_host(), None if is_repeated(context) else observer
        ),
        idle_seconds=parse_duration(warm.idle_timeout, "--idle-timeout"),
        max_environments=warm.max_environments,
        allowed_hosts=(groups.endpoint.host, *(groups.endpoint.allow_host or ())),
        initializes_all=warm.warm_containers == "EAGER",
        watches=not warm.no_watch,
        connects_functions=not environment.no_lambda_endpoint,
        config=None if warm.no_watch else config_state(context),
        others=(groups.endpoint, *groups.others),
    )


def _serving(groups: ServedGroups) -> ServingOptions:
    from samlocal.cli.sandbox_settings import read_settings
    from samlocal.serving.options import ServingOptions

    return ServingOptions(
        project=plain_project(groups.project),
        function=plain_function(
            groups.environment, groups.project, groups.debugging, groups.container
        ),
        code=plain_code(groups.code),
        sandbox=read_settings(groups.container, groups.limits, groups.code, groups.debugging),
        functions=tuple(groups.functions.function_identifiers or ()),
        ignore=tuple(groups.warm.watch_ignore or ()),
        respects_gitignore=groups.warm.gitignore,
    )


def read_settings_again(context: typer.Context) -> EndpointSettings | None:
    """Return the settings with samconfig as it is now; None, and a message, if that is not possible."""
    from typer.exceptions import TyperException

    from samlocal.cli.endpoint_settings import EndpointSettings

    try:
        settings = run_again(context)
    except SamlocalError as error:
        show_error(error.message, place=error.place, hint=error.hint)
    except TyperException as error:
        from samlocal.cli.usage_errors import show_usage_error

        show_usage_error(error)
    else:
        return settings if isinstance(settings, EndpointSettings) else None
    print_status("The options before this change stay in effect")
    return None
