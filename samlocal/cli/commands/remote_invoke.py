"""`samlocal remote invoke`: invokes a deployed function, as `sam remote invoke` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from samlocal.cli.console import print_status
from samlocal.cli.option_groups import group_options
from samlocal.cli.options.deployed import (
    CallOptions,
    DeploymentOptions,
    RemoteEventOptions,
    RemoteOutputOptions,
)
from samlocal.cli.options.general import GeneralOptions
from samlocal.cli.options.project import ProjectOptions
from samlocal.cli.plain_options import plain_project
from samlocal.errors import UsageError

if TYPE_CHECKING:
    from samlocal.cli.deployed_function import DeployedFunction
    from samlocal.host import Host


@group_options
def remote_invoke(  # groups of options
    context: typer.Context,
    *,
    chosen: RemoteEventOptions,
    call: CallOptions,
    deployment: DeploymentOptions,
    project: ProjectOptions,
    output: RemoteOutputOptions,
    general: GeneralOptions,
) -> None:
    """Invoke a deployed Lambda function, as `sam remote invoke` does.

    The function's result goes to stdout, and nothing else; the end of its log goes to stderr.

    Exit status: 0 result; 1 Lambda could not be asked, or refused; 2 wrong usage; 3 the function returned
    an error; 4 the function timed out; 5 the runtime died or did not initialise.
    """
    general.apply()
    from samlocal.cli.deployed_function import find_deployed_function, read_deployment
    from samlocal.cli.deployed_run import run_call
    from samlocal.host import current_host
    from samlocal.remote.deployed_call import DeployedCall
    from samlocal.remote.deployed_functions import DeployedFunctions

    host = current_host()
    parameters = _parameters(chosen, call, output, host)
    event = _event(chosen, host)
    plain = plain_project(project)
    function = find_deployed_function(
        chosen.resource_id,
        read_deployment(context, deployment, plain, general),
        plain,
        host,
        is_of_project=False,
    )
    if chosen.test_event_name is not None:
        event = _test_event(chosen.test_event_name, function, parameters)
    parameters.setdefault("InvocationType", "RequestResponse")
    if parameters["InvocationType"] == "RequestResponse":
        parameters.setdefault("LogType", "Tail")
    functions = DeployedFunctions(
        function.session, region=function.region, endpoint_url=deployment.endpoint_url
    )
    called = DeployedCall(function=function.name, payload=event, parameters=parameters)
    raise SystemExit(run_call(functions, called, streams=call.stream, output=output.output))


def _parameters(
    chosen: RemoteEventOptions, call: CallOptions, output: RemoteOutputOptions, host: Host
) -> dict[str, str]:
    from samlocal.remote.client_context import read_client_context
    from samlocal.remote.deployed_call import read_parameters

    client_context = read_client_context(
        chosen.client_context, None, option="--client-context", stdin=host.stdin
    )
    log_type = None if output.log is None else ("Tail" if output.log else "None")
    return read_parameters(
        chosen.parameter or (),
        InvocationType=call.type,
        LogType=log_type,
        ClientContext=client_context,
        Qualifier=call.qualifier,
        TenantId=call.tenant_id,
        DurableExecutionName=call.durable_execution_name,
    )


def _event(chosen: RemoteEventOptions, host: Host) -> bytes:
    """Return the event, `{}` if no option names one.

    Raises:
        UsageError: Several options name one.
        EventError: It cannot be read.
    """
    from samlocal.events import EventSource, read_event
    from samlocal.path_kinds import is_file

    named = {
        "--event": chosen.event,
        "--event-file": chosen.event_file,
        "--test-event-name": chosen.test_event_name,
    }
    given = [option for option, value in named.items() if value is not None]
    if len(given) > 1:
        raise UsageError(
            f"`{given[0]}` and `{given[1]}` both name an event", hint="keep one of them"
        )
    file, text = chosen.event_file, chosen.event
    if text == "-":
        file, text = "-", None
    if text is not None and is_file(text):
        raise UsageError(
            f"`--event` is the event itself, and `{text}` is a file",
            hint=f"`--event-file {text}` reads it",
        )
    source = EventSource(event=file, data=text, raw=chosen.raw, data_option="--event")
    return read_event(source, stdin=host.stdin, waiting=_show_waiting)


def _show_waiting() -> None:
    print_status("Waiting for the event on stdin (`--event-file FILE` reads it from a file)")


def _test_event(name: str, function: DeployedFunction, parameters: dict[str, str]) -> bytes:
    """Return a test event of the function; the type that it was saved with applies if no option has one."""
    from samlocal.remote.shareable_events import read_shareable_event

    event = read_shareable_event(function.session, function.name, name, region=function.region)
    if event.invocation_type in {"RequestResponse", "Event", "DryRun"}:
        parameters.setdefault("InvocationType", event.invocation_type)
    return event.payload
