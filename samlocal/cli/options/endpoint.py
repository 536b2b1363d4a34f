"""The options of endpoints: where they listen, and the environments that they keep."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import typer

from samlocal.cli.options import DEBUGGING, ENDPOINT, SERVED, WARM
from samlocal.cli.options.debugging import DebugOptions
from samlocal.frozen_dataclass import frozen


@frozen
class ServedOptions:
    """The functions that are served."""

    heading: ClassVar = SERVED

    function_identifiers: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FUNCTION]...",
            help="Serve only these functions: logical IDs, function names, full paths "
            "(Stack/Function) or ARNs. [default: all functions of the template]",
            show_default=False,
        ),
    ] = None


@frozen
class EndpointOptions:
    """Options about the endpoint."""

    heading: ClassVar = ENDPOINT

    host: Annotated[
        str,
        typer.Option("--host", metavar="HOST", help="Host name or address to listen on."),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        typer.Option(
            "-p",
            "--port",
            metavar="PORT",
            min=0,
            max=65535,
            help="Port to listen on; 0 takes a free one. [default: 3001]",
            show_default=False,
        ),
    ] = 3001
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host",
            metavar="HOST",
            help="Accept requests that name this host or address in their `Host` header; repeatable. "
            "[default: this machine's names, and --host]",
            show_default=False,
        ),
    ] = None


@frozen
class WarmOptions:
    """Options about execution environments that are kept."""

    heading: ClassVar = WARM

    warm_containers: Annotated[
        Literal["EAGER", "LAZY"],
        typer.Option(
            "--warm-containers",
            metavar="EAGER|LAZY",
            case_sensitive=False,
            help="Initialize an environment of each function at the start (EAGER), or with the first "
            "request (LAZY). Environments are kept either way.",
        ),
    ] = "LAZY"
    idle_timeout: Annotated[
        str,
        typer.Option(
            "--idle-timeout",
            metavar="DURATION",
            help="End environments that have been idle for this time, such as 90s or 1h.",
        ),
    ] = "5m"
    max_environments: Annotated[
        int | None,
        typer.Option(
            "--max-environments",
            metavar="N",
            min=1,
            help="Run at most N environments at once, of all functions. [default: ten for each CPU]",
            show_default=False,
        ),
    ] = None
    no_watch: Annotated[
        bool,
        typer.Option(
            "--no-watch",
            help="Do not react to changes of code, layers, template, env files and samconfig.",
        ),
    ] = False
    watch_ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--watch-ignore",
            metavar="GLOB",
            help="Ignore changes of files that match, such as `*.log`; repeatable.",
            show_default=False,
        ),
    ] = None
    gitignore: Annotated[
        bool,
        typer.Option(
            "--gitignore/--no-gitignore",
            help="Ignore changes of files that .gitignore lists.",
        ),
    ] = True


@frozen
class ServedDebugOptions(DebugOptions):
    """Options about debugging one of the functions that are served."""

    debug_function: Annotated[
        str | None,
        typer.Option(
            "--debug-function",
            metavar="FUNCTION",
            rich_help_panel=DEBUGGING,
            help="Debug this function. [default: the function, if only one is served]",
            show_default=False,
        ),
    ] = None
