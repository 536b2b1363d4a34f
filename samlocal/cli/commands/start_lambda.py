"""`samlocal local start-lambda`: a local endpoint of Lambda's API."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

import typer

from samlocal.cli.console import print_status, show_warning
from samlocal.cli.console_log import ConsoleLog
from samlocal.cli.listeners import open_listeners, port_of, url_of
from samlocal.cli.observer import ConsoleObserver
from samlocal.cli.option_groups import group_options
from samlocal.cli.option_sources import is_repeated
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
from samlocal.cli.served_options import ServedGroups, endpoint_settings, read_settings_again


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
    groups = ServedGroups(
        functions=served,
        endpoint=endpoint,
        warm=warm,
        environment=environment,
        project=sam.project(project),
        code=code,
        container=container,
        limits=limits,
        debugging=debugging,
        others=(logs,),
    )
    if is_repeated(context):
        return endpoint_settings(context, groups, observer)
    general.apply()
    with ExitStack() as stack:
        # Clients can connect from now on; they wait until the endpoint serves them.
        listeners = open_listeners(endpoint.host, endpoint.port)
        for each in listeners:
            stack.enter_context(each)
        observer.show(sam.diagnostics())
        settings = endpoint_settings(context, groups, observer)
        from samlocal.cli.lambda_endpoint import LambdaEndpoint

        log = ConsoleLog(logs.log_file, timestamps=logs.timestamps, names=True)
        with log:
            exit_code = LambdaEndpoint(
                settings,
                listeners,
                log,
                on_ready=partial(_show_address, url_of(endpoint.host, port_of(listeners[0]))),
                read_again=partial(read_settings_again, context),
            ).serve()
    raise SystemExit(exit_code)


def _show_address(url: str, names: tuple[str, ...]) -> None:
    print_status(f"Serving Lambda's API at {url} ({_counted(names)}; Ctrl-C ends it)")
    if not names:
        show_warning("the template has no functions", hint="those that are added are served")
    print_status(f"hint: AWS_ENDPOINT_URL_LAMBDA={url} for SDKs and tests, or for the AWS CLI:")
    name = names[0] if names else "FUNCTION"
    print_status(f"  aws lambda invoke --endpoint-url {url} --function-name {name} output.json")


def _counted(names: tuple[str, ...]) -> str:
    return f"function `{names[0]}`" if len(names) == 1 else f"{len(names)} functions"
