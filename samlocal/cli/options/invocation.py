"""The options that say which function runs, with which event and in which environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from samlocal.cli.options.general import OutputFormat
from samlocal.frozen_dataclass import frozen


@frozen
class InvokeOptions:
    """The command line of `local invoke`, as far as it says what to run, and with what."""

    function_identifier: Annotated[
        str | None,
        typer.Argument(
            metavar="[FUNCTION_IDENTIFIER]",
            help="Logical id, function id, function name, full path (Stack/Function) or ARN; may end in"
            " :VERSION or :ALIAS. Needed where the template has several functions.",
            show_default=False,
        ),
    ] = None
    runtime: Annotated[
        str | None,
        typer.Option(
            "-r",
            "--runtime",
            metavar="RUNTIME",
            help="The runtime to run the function in, such as python3.13, instead of its own.",
            show_default=False,
        ),
    ] = None
    architecture: Annotated[
        Literal["x86_64", "arm64"] | None,
        typer.Option(
            "--architecture",
            help="The architecture to run the function for, instead of its own (`Architectures`).",
            show_default=False,
        ),
    ] = None
    event: Annotated[
        str | None,
        typer.Option(
            "-e",
            "--event",
            metavar="PATH",
            help="The event: a JSON or YAML file, or `-` for stdin.",
            show_default=False,
        ),
    ] = None
    no_event: Annotated[
        bool,
        typer.Option(
            "--no-event",
            help="Invoke with an empty event, {}: the default, unless samconfig names an event.",
        ),
    ] = False
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="TEXT",
            help="The event itself, as Serverless has it.",
            show_default=False,
        ),
    ] = None
    path: Annotated[
        str | None,
        typer.Option(
            "-p",
            "--path",
            metavar="PATH",
            help="A file with the event, as Serverless has it; it overrules --data.",
            show_default=False,
        ),
    ] = None
    raw: Annotated[
        bool, typer.Option("--raw", help="Pass the event on as a string, even if it is JSON.")
    ] = False
    context: Annotated[
        str | None,
        typer.Option(
            "-c",
            "--context",
            metavar="JSON",
            help="What the function sees in `context`: clientContext, identity, awsRequestId, …",
            show_default=False,
        ),
    ] = None
    context_path: Annotated[
        str | None,
        typer.Option(
            "-x",
            "--context-path",
            "--contextPath",
            metavar="PATH",
            help="A file with that; it overrules --context.",
            show_default=False,
        ),
    ] = None
    qualifier: Annotated[
        str | None,
        typer.Option(
            "--qualifier",
            metavar="VERSION|ALIAS",
            help="The version or alias to invoke. [default: $LATEST]",
            show_default=False,
        ),
    ] = None
    env_vars: Annotated[
        list[str] | None,
        typer.Option(
            "-n",
            "--env-vars",
            metavar="PATH",
            help="Values of environment variables: JSON, YAML or .env, `-` for stdin; repeatable.",
            show_default=False,
        ),
    ] = None
    env: Annotated[
        list[str] | None,
        typer.Option(
            "--env",
            metavar="KEY=VALUE",
            help="The value of one environment variable; repeatable.",
            show_default=False,
        ),
    ] = None
    no_shell_env: Annotated[
        bool,
        typer.Option(
            "--no-shell-env",
            help="Don't let the shell override variables that the template declares.",
        ),
    ] = False
    no_credentials: Annotated[
        bool, typer.Option("--no-credentials", help="Give the function no AWS credentials.")
    ] = False


@frozen
class OutputOptions:
    """What `local invoke` shows, where else it writes it, and how it ends."""

    print_env: Annotated[
        bool,
        typer.Option(
            "--print-env",
            help="Show the function's environment and where each value comes from, and run nothing.",
        ),
    ] = False
    output: Annotated[
        OutputFormat,
        typer.Option("--output", help="The format of what --print-env shows."),
    ] = "text"
    log_file: Annotated[
        Path | None,
        typer.Option(
            "-l",
            "--log-file",
            metavar="PATH",
            help="Write the function's logs to this file as well.",
            show_default=False,
        ),
    ] = None
    exit_zero_on_function_error: Annotated[
        bool,
        typer.Option(
            "--exit-zero-on-function-error",
            help="Exit with 0 also when the function failed or timed out, as sam does.",
        ),
    ] = False
