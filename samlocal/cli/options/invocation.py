"""The options about the function that is invoked, its event and the output."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import typer

from samlocal.cli.options import FUNCTION, OUTPUT
from samlocal.cli.options.general import OutputFormat
from samlocal.cli.options.logs import LogFileOption, TimestampsOption
from samlocal.frozen_dataclass import frozen

# Options that commands for deployed functions share.
QualifierOption = Annotated[
    str | None,
    typer.Option(
        "--qualifier",
        metavar="VERSION|ALIAS",
        help="Version or alias to invoke. [default: $LATEST]",
        show_default=False,
    ),
]
RawEventOption = Annotated[
    bool,
    typer.Option("--raw", help="Pass the event to the function as a string, even if it is JSON."),
]
TenantOption = Annotated[
    str | None,
    typer.Option(
        "--tenant-id",
        metavar="ID",
        help="Tenant that invokes a function with tenant isolation (`TenancyConfig`).",
        show_default=False,
    ),
]


@frozen
class InvokeOptions:
    """The options of `local invoke` about the function and its event."""

    heading: ClassVar = FUNCTION
    spelling: ClassVar[Literal["sam", "serverless"]] = "sam"
    """Whose rules there are for the event and the context."""

    function_identifier: Annotated[
        str | None,
        typer.Argument(
            metavar="[FUNCTION]",
            help="Logical ID, function ID, function name, full path (Stack/Function) or ARN, optionally "
            "with :VERSION or :ALIAS. Required if the template has several functions.",
            show_default=False,
        ),
    ] = None
    runtime: Annotated[
        str | None,
        typer.Option(
            "-r",
            "--runtime",
            metavar="RUNTIME",
            help="Run the function in this runtime, such as python3.13, instead of its own.",
            show_default=False,
        ),
    ] = None
    architecture: Annotated[
        Literal["x86_64", "arm64"] | None,
        typer.Option(
            "--architecture",
            help="Run the function for this architecture instead of its own (`Architectures`).",
            show_default=False,
        ),
    ] = None
    event: Annotated[
        str | None,
        typer.Option(
            "-e",
            "--event",
            metavar="FILE",
            help="Read the event from a JSON or YAML file, or from stdin (`-`).",
            show_default=False,
        ),
    ] = None
    no_event: Annotated[
        bool,
        typer.Option(
            "--no-event",
            help="Invoke with an empty event, {}. This is the default unless samconfig names an event.",
        ),
    ] = False
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="TEXT",
            help="The event as text, as in Serverless.",
            show_default=False,
        ),
    ] = None
    path: Annotated[
        str | None,
        typer.Option(
            "-p",
            "--path",
            metavar="FILE",
            help="Read the event from a file, as in Serverless; overrides --data.",
            show_default=False,
        ),
    ] = None
    raw: RawEventOption = False
    context: Annotated[
        str | None,
        typer.Option(
            "-c",
            "--context",
            metavar="JSON",
            help="Members of the function's context: clientContext, identity, awsRequestId, …",
            show_default=False,
        ),
    ] = None
    context_path: Annotated[
        str | None,
        typer.Option(
            "-x",
            "--context-path",
            "--contextPath",
            metavar="FILE",
            help="Read the context from a file; overrides --context.",
            show_default=False,
        ),
    ] = None
    qualifier: QualifierOption = None
    snapstart: Annotated[
        bool | None,
        typer.Option(
            "--snapstart/--no-snapstart",
            help="Initialize the function as with SnapStart, with its runtime hooks, or on demand. [default: "
            "SnapStart for a published version of a function with `SnapStart`]",
            show_default=False,
        ),
    ] = None
    tenant_id: TenantOption = None
    trace_id: Annotated[
        str | None,
        typer.Option(
            "--trace-id",
            metavar="ID",
            help="X-Ray trace of the invocation: a trace ID or a whole trace header. [default: a new one "
            "that is not sampled]",
            show_default=False,
        ),
    ] = None
    repeat: Annotated[
        int,
        typer.Option(
            "--repeat",
            metavar="N",
            min=1,
            help="Invoke N times, one after the other, in one execution environment: the first invocation "
            "is cold, the others are warm.",
            show_default=False,
        ),
    ] = 1


@frozen
class OutputOptions:
    """Options about the output and the exit code of `local invoke`."""

    heading: ClassVar = OUTPUT

    print_env: Annotated[
        bool,
        typer.Option(
            "--print-env",
            help="Show the function's environment and the source of each value, without running the "
            "function.",
        ),
    ] = False
    output: Annotated[
        OutputFormat,
        typer.Option("--output", help="Format of --print-env."),
    ] = "text"
    log_file: LogFileOption = None
    timestamps: TimestampsOption = False
    report: Annotated[
        str | None,
        typer.Option(
            "--report",
            metavar="FORMAT[=FILE]",
            help="Report each invocation as a line of JSON (`json`), or all of them in a table (`table`), on "
            "stderr or in a file.",
            show_default=False,
        ),
    ] = None
    otlp: Annotated[
        str | None,
        typer.Option(
            "--otlp",
            metavar="URL",
            help="Send a span for each phase of the invocation to this OpenTelemetry collector, such as "
            "http://localhost:4318.",
            show_default=False,
        ),
    ] = None
    exit_zero_on_function_error: Annotated[
        bool,
        typer.Option(
            "--exit-zero-on-function-error",
            help="Exit with 0 even if the function fails or times out, as in sam.",
        ),
    ] = False
