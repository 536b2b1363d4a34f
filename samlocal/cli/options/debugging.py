"""The options about debugging."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

import typer

from samlocal.cli.options import DEBUGGING, ENVIRONMENT
from samlocal.frozen_dataclass import frozen


@frozen
class DebugOptions:
    """Options about debugging."""

    heading: ClassVar = DEBUGGING

    debug_port: Annotated[
        list[int] | None,
        typer.Option(
            "-d",
            "--debug-port",
            metavar="PORT",
            min=1,
            max=65535,
            help="Run the function for a debugger that attaches to this port; repeatable if the "
            "debugger needs several.",
            show_default=False,
        ),
    ] = None
    debugger_path: Annotated[
        Path | None,
        typer.Option(
            "--debugger-path",
            metavar="DIR",
            help="Directory with a debugger for the container: dlv, gdbserver, lldb-server or vsdbg.",
            show_default=False,
        ),
    ] = None
    debug_args: Annotated[
        str | None,
        typer.Option(
            "--debug-args",
            metavar="TEXT",
            help="Arguments for the debugger, or for the runtime if the runtime has its own debugger.",
            show_default=False,
        ),
    ] = None
    debug_function: Annotated[
        str | None,
        typer.Option(
            "--debug-function",
            metavar="FUNCTION",
            help="Debug only this function. [default: the function that is invoked]",
            show_default=False,
        ),
    ] = None
    debug_runtime: Annotated[
        str | None,
        typer.Option(
            "--debug-runtime",
            metavar="RUNTIME",
            help="Runtime of a container image (python3.13, provided.al2023, …), if it cannot be "
            "detected.",
            show_default=False,
        ),
    ] = None
    container_env_vars: Annotated[
        str | None,
        typer.Option(
            "--container-env-vars",
            metavar="FILE",
            rich_help_panel=ENVIRONMENT,
            help="Read variables that override all others from a flat JSON, YAML or .env file.",
            show_default=False,
        ),
    ] = None
    container_host: Annotated[
        str | None,
        typer.Option(
            "--container-host",
            metavar="HOST",
            help="Host at which the debugger reaches the port, if the engine runs on another machine. "
            "[default: localhost]",
            show_default=False,
        ),
    ] = None
    container_host_interface: Annotated[
        str,
        typer.Option(
            "--container-host-interface",
            metavar="IP",
            help="Address of the engine's host on which the debugger's port is open.",
        ),
    ] = "127.0.0.1"
