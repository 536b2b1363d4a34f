"""`samlocal local start-lambda`: a local endpoint of Lambda's API."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import typer

from samlocal.cli.console import print_status, show_error, show_warning
from samlocal.cli.console_log import ConsoleLog
from samlocal.cli.listeners import open_listeners, port_of, url_of
from samlocal.cli.observer import ConsoleObserver
from samlocal.cli.option_groups import group_options
from samlocal.cli.option_sources import config_state, is_repeated, run_again
from samlocal.cli.options.code import CodeOptions
from samlocal.cli.options.container import ContainerOptions
from samlocal.cli.options.endpoint import (
    EndpointOptions,
    ServedDebugOptions,
    ServedOptions,
    WarmOptions,
)
from samlocal.cli.options.environment import EnvironmentOptions
from samlocal.cli.options.general import GeneralOptions
from samlocal.cli.options.limits import LimitOptions
from samlocal.cli.options.logs import LogOptions
from samlocal.cli.options.project import ProjectOptions
from samlocal.cli.options.sam_only import TerraformOptions
from samlocal.cli.plain_options import (
    plain_code,
    plain_function,
    plain_project,
    refuse_second_stdin,
)
from samlocal.durations import parse_duration
from samlocal.errors import SamlocalError

if TYPE_CHECKING:
    from samlocal.cli.endpoint_settings import EndpointSettings
    from samlocal.serving.options import ServingOptions


@group_options
def start_lambda(  # noqa: PLR0913  # groups of options
    context: typer.Context,
    *,
    served: ServedOptions,
    endpoint: EndpointOptions,
    warm: WarmOptions,
    environment: EnvironmentOptions,
    project: ProjectOptions,
    code: CodeOptions,
    container: ContainerOptions,
    limits: LimitOptions,
    debugging: ServedDebugOptions,
    logs: LogOptions,
    sam: TerraformOptions,
    general: GeneralOptions,
) -> object:
    """Serve Lambda's API on this machine, for the AWS CLI, SDKs and tests.

    Each function has warm execution environments, as many as its invocations need at once. They are
    replaced when code, template or options change. Ctrl-C ends the endpoint.

    Exit status: 0 ended by a signal; 1 it could not start; 2 wrong usage.
    """
    observer = ConsoleObserver()

    def read_settings() -> EndpointSettings:
        refuse_second_stdin(
            ("--container-env-vars", debugging.container_env_vars),
            *(("--env-vars", name) for name in environment.env_vars or ()),
        )
        from samlocal.cli.chosen_backend import chosen_backend
        from samlocal.cli.endpoint_settings import EndpointSettings
        from samlocal.host import current_host

        return EndpointSettings(
            serving=_serving(
                served, warm, environment, sam.project(project), code, container, limits, debugging
            ),
            backend=chosen_backend(
                container, current_host(), None if is_repeated(context) else observer
            ),
            idle_seconds=parse_duration(warm.idle_timeout, "--idle-timeout"),
            max_environments=warm.max_environments,
            allowed_hosts=(endpoint.host, *(endpoint.allow_host or ())),
            initializes_all=warm.warm_containers == "EAGER",
            watches=not warm.no_watch,
            connects_functions=not environment.no_lambda_endpoint,
            config=None if warm.no_watch else config_state(context),
        )

    if is_repeated(context):
        return read_settings()
    general.apply()
    with ExitStack() as stack:
        # Clients can connect from now on; they wait until the endpoint serves them.
        listeners = open_listeners(endpoint.host, endpoint.port)
        for each in listeners:
            stack.enter_context(each)
        observer.show(sam.diagnostics())
        settings = read_settings()
        from samlocal.cli.lambda_endpoint import LambdaEndpoint

        log = ConsoleLog(logs.log_file, timestamps=logs.timestamps, names=True)
        with log:
            exit_code = LambdaEndpoint(
                settings,
                listeners,
                log,
                on_ready=partial(_show_address, url_of(endpoint.host, port_of(listeners[0]))),
                read_again=partial(_read_again, context),
            ).serve()
    raise SystemExit(exit_code)


def _serving(  # the groups that shape functions
    served: ServedOptions,
    warm: WarmOptions,
    environment: EnvironmentOptions,
    project: ProjectOptions,
    code: CodeOptions,
    container: ContainerOptions,
    limits: LimitOptions,
    debugging: ServedDebugOptions,
) -> ServingOptions:
    from samlocal.cli.sandbox_settings import read_settings
    from samlocal.serving.options import ServingOptions

    return ServingOptions(
        project=plain_project(project),
        function=plain_function(environment, project, debugging, container),
        code=plain_code(code),
        sandbox=read_settings(container, limits, code, debugging),
        functions=tuple(served.function_identifiers or ()),
        ignore=tuple(warm.watch_ignore or ()),
        respects_gitignore=warm.gitignore,
    )


def _show_address(url: str, names: tuple[str, ...]) -> None:
    print_status(f"Serving Lambda's API at {url} ({_counted(names)}; Ctrl-C ends it)")
    if not names:
        show_warning("the template has no functions", hint="those that are added are served")
    print_status(f"hint: AWS_ENDPOINT_URL_LAMBDA={url} for SDKs and tests, or for the AWS CLI:")
    name = names[0] if names else "FUNCTION"
    print_status(f"  aws lambda invoke --endpoint-url {url} --function-name {name} output.json")


def _counted(names: tuple[str, ...]) -> str:
    return f"function `{names[0]}`" if len(names) == 1 else f"{len(names)} functions"


def _read_again(context: typer.Context) -> EndpointSettings | None:
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
