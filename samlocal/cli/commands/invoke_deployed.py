"""`samlocal invoke`: invokes a deployed function, as `serverless invoke` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from samlocal.cli.console import show_diagnostic
from samlocal.cli.option_groups import group_options_with
from samlocal.cli.options.deployed import (
    SERVERLESS_SHORT_OPTIONS,
    CallOptions,
    DeploymentOptions,
    ServerlessEventOptions,
)
from samlocal.cli.options.general import GeneralOptions
from samlocal.cli.options.serverless import DashboardOptions, ServerlessProjectOptions
from samlocal.cli.plain_options import plain_project_of, refuse_second_stdin
from samlocal.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.host import Host


@group_options_with(SERVERLESS_SHORT_OPTIONS)
def invoke_deployed(
    ctx: typer.Context,
    *,
    chosen: ServerlessEventOptions,
    call: CallOptions,
    deployment: DeploymentOptions,
    project: ServerlessProjectOptions,
    other: DashboardOptions,
    general: GeneralOptions,
) -> None:
    """Invoke a deployed function, as `serverless invoke` does; see `invoke local`, too.

    The function's result goes to stdout, and nothing else. The event is that of --path or --data, else standard
    input, unless it is a terminal; else {}.

    Exit status: 0 result; 1 Lambda could not be asked, or refused; 2 wrong usage; 3 the function returned
    an error; 4 the function timed out; 5 the runtime died or did not initialise.
    """
    del other
    general.apply()
    if chosen.function_identifier is None:
        raise UsageError("`--function` is missing", hint="name a function of the project: -f NAME")
    refuse_second_stdin(("--path", chosen.path), ("--contextPath", chosen.context_path))
    from samlocal.cli.deployed_function import find_deployed_function, read_deployment
    from samlocal.cli.deployed_run import run_call
    from samlocal.cli.serverless_request import project_directory
    from samlocal.host import current_host
    from samlocal.remote.deployed_call import DeployedCall
    from samlocal.remote.deployed_functions import DeployedFunctions

    host = current_host()
    directory = project_directory(project, host)
    parameters = _parameters(chosen, call, directory, host)
    payload = _payload(chosen, directory, host)
    options = plain_project_of(
        project,
        chosen,
        qualifier=call.qualifier,
        type=call.type,
        log="true" if chosen.log else None,
    )
    function = find_deployed_function(
        chosen.function_identifier,
        read_deployment(ctx, deployment, options, general),
        options,
        host,
        is_of_project=True,
    )
    functions = DeployedFunctions(
        function.session, region=function.region, endpoint_url=deployment.endpoint_url
    )
    called = DeployedCall(function=function.name, payload=payload, parameters=parameters)
    raise SystemExit(run_call(functions, called, streams=bool(call.stream)))


def _parameters(
    chosen: ServerlessEventOptions, call: CallOptions, directory: Path, host: Host
) -> dict[str, str]:
    from samlocal.cli.serverless_request import context_source
    from samlocal.remote.client_context import read_client_context
    from samlocal.remote.deployed_call import read_parameters

    text, path, raw = context_source(chosen.context, chosen.context_path, directory, raw=chosen.raw)
    client_context = read_client_context(
        text, path, option="--context", stdin=host.stdin, is_lenient=True, raw=raw
    )
    invocation_type = call.type or "RequestResponse"
    has_log = chosen.log and invocation_type == "RequestResponse"
    return read_parameters(
        (),
        InvocationType=invocation_type,
        LogType="Tail" if has_log else None,
        ClientContext=client_context,
        Qualifier=call.qualifier,
        TenantId=call.tenant_id,
        DurableExecutionName=call.durable_execution_name,
    )


def _payload(chosen: ServerlessEventOptions, directory: Path, host: Host) -> bytes:
    from samlocal.cli.serverless_request import read_serverless_payload
    from samlocal.events import EventSource

    source = EventSource(data=chosen.data, path=chosen.path, raw=chosen.raw)
    event = read_serverless_payload(
        source, directory, host, is_stdin_free=chosen.context_path != "-"
    )
    for diagnostic in event.diagnostics:
        show_diagnostic(diagnostic)
    return event.payload
