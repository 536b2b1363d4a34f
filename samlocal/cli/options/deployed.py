"""The options of commands that invoke deployed functions."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import typer

from samlocal.cli.options import FUNCTION, OUTPUT, PROJECT
from samlocal.cli.options.general import OutputFormat
from samlocal.cli.options.invocation import QualifierOption, RawEventOption, TenantOption
from samlocal.cli.options.serverless import DataOption, PathOption, RawOption
from samlocal.frozen_dataclass import frozen
from samlocal.invocation import InvocationType


@frozen
class CallOptions:
    """Options about how Lambda invokes the function."""

    heading: ClassVar = "Invocation"

    type: Annotated[
        InvocationType | None,
        typer.Option(
            "--type",
            help="Wait for the result, queue the event, or only check that the function could be invoked. "
            "[default: RequestResponse]",
            show_default=False,
        ),
    ] = None
    qualifier: QualifierOption = None
    stream: Annotated[
        bool | None,
        typer.Option(
            "--stream/--no-stream",
            help="Show the response as it comes (InvokeWithResponseStream), or when it is complete. "
            "[default for `remote invoke`: as the function's URL does; else --no-stream]",
            show_default=False,
        ),
    ] = None
    tenant_id: TenantOption = None
    durable_execution_name: Annotated[
        str | None,
        typer.Option(
            "--durable-execution-name",
            metavar="NAME",
            help="Name of the execution of a durable function.",
            show_default=False,
        ),
    ] = None


@frozen
class DeploymentOptions:
    """Options about where the function is deployed."""

    heading: ClassVar = PROJECT

    stack_name: Annotated[
        str | None,
        typer.Option(
            "--stack-name",
            metavar="NAME",
            help="CloudFormation stack of the function. [default: samconfig's, of `deploy` too]",
            show_default=False,
        ),
    ] = None
    endpoint_url: Annotated[
        str | None,
        typer.Option(
            "--endpoint-url",
            metavar="URL",
            help="Lambda's API. [default: AWS_ENDPOINT_URL_LAMBDA or AWS_ENDPOINT_URL, else the Region's]",
            show_default=False,
        ),
    ] = None


@frozen
class RemoteEventOptions:
    """The function and the event of `remote invoke`."""

    heading: ClassVar = FUNCTION

    resource_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[RESOURCE_ID]",
            help="Function: logical ID in the stack or the template (`Child/Function` in a nested stack), "
            "name in AWS or ARN. Required if there are several functions.",
            show_default=False,
        ),
    ] = None
    event: Annotated[
        str | None,
        typer.Option(
            "-e",
            "--event",
            metavar="TEXT",
            help="The event: JSON, or any other text; `-` reads it from stdin.",
            show_default=False,
        ),
    ] = None
    event_file: Annotated[
        str | None,
        typer.Option(
            "--event-file",
            metavar="FILE",
            help="Read the event from a JSON or YAML file, or from stdin (`-`).",
            show_default=False,
        ),
    ] = None
    test_event_name: Annotated[
        str | None,
        typer.Option(
            "--test-event-name",
            metavar="NAME",
            help="Use a shareable test event of the function, as Lambda's console saves them.",
            show_default=False,
        ),
    ] = None
    raw: RawEventOption = False
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            metavar="KEY=VALUE",
            help="Parameter of Invoke in boto3: InvocationType, Qualifier, LogType, ClientContext (base64), "
            "TenantId or DurableExecutionName; repeatable.",
            show_default=False,
        ),
    ] = None
    client_context: Annotated[
        str | None,
        typer.Option(
            "--client-context",
            metavar="JSON",
            help="Client context that the function gets: `client`, `custom` and `env`.",
            show_default=False,
        ),
    ] = None


@frozen
class RemoteOutputOptions:
    """Options about the output of `remote invoke`."""

    heading: ClassVar = OUTPUT

    output: Annotated[
        OutputFormat,
        typer.Option(
            "--output",
            help="text: the function's result, byte for byte. json: Lambda's whole answer.",
        ),
    ] = "text"
    log: Annotated[
        bool | None,
        typer.Option(
            "--log/--no-log",
            help="Show the last 4 KB of the log on stderr. [default: log]",
            show_default=False,
        ),
    ] = None


# Those of `serverless invoke`, and of `invoke local` for the context.
SERVERLESS_SHORT_OPTIONS: Final = {
    "function_identifier": "-f",
    "data": "-d",
    "path": "-p",
    "type": "-t",
    "qualifier": "-q",
    "log": "-l",
    "context": "-c",
    "context_path": "-x",
    "stage": "-s",
    "region": "-r",
}


@frozen
class ServerlessEventOptions:
    """The function and the event of `invoke`."""

    heading: ClassVar = FUNCTION

    function_identifier: Annotated[
        str | None,
        typer.Option(
            "-f",
            "--function",
            metavar="FUNCTION",
            help="Key in `functions`, logical ID, name in AWS or ARN. Required.",
            show_default=False,
        ),
    ] = None
    data: DataOption = None
    path: PathOption = None
    raw: RawOption = False
    context: Annotated[
        str | None,
        typer.Option(
            "-c",
            "--context",
            metavar="TEXT",
            help="Client context that the function gets: a JSON object, or any other text.",
            show_default=False,
        ),
    ] = None
    context_path: Annotated[
        str | None,
        typer.Option(
            "-x",
            "--contextPath",
            "--context-path",
            metavar="FILE",
            help="Read the client context from a file of the project; overrides --context.",
            show_default=False,
        ),
    ] = None
    log: Annotated[
        bool,
        typer.Option("-l", "--log", help="Show the last 4 KB of the log on stderr."),
    ] = False
