"""The options about debugging."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samlocal.frozen_dataclass import frozen


@frozen
class DebugOptions:
    """What a person types about debugging."""

    debug_port: Annotated[
        list[int] | None,
        typer.Option(
            "-d",
            "--debug-port",
            metavar="PORT",
            min=1,
            max=65535,
            help="Start the function for a debugger that attaches to this port; repeatable where it needs"
            " several.",
            show_default=False,
        ),
    ] = None
    debugger_path: Annotated[
        Path | None,
        typer.Option(
            "--debugger-path",
            metavar="DIR",
            help="A directory with a debugger for the container: dlv, gdbserver, lldb-server, vsdbg.",
            show_default=False,
        ),
    ] = None
    debug_args: Annotated[
        str | None,
        typer.Option(
            "--debug-args",
            metavar="TEXT",
            help="Arguments for the debugger, or for the runtime's program if it brings its own debugger.",
            show_default=False,
        ),
    ] = None
    debug_function: Annotated[
        str | None,
        typer.Option(
            "--debug-function",
            metavar="FUNCTION_IDENTIFIER",
            help="Debug only this function. [default: the one that is invoked]",
            show_default=False,
        ),
    ] = None
    debug_runtime: Annotated[
        str | None,
        typer.Option(
            "--debug-runtime",
            metavar="RUNTIME",
            help="What a container image runs (python3.13, provided.al2023, …), where that can't be told.",
            show_default=False,
        ),
    ] = None
    container_env_vars: Annotated[
        str | None,
        typer.Option(
            "--container-env-vars",
            metavar="PATH",
            help="Variables for the container, over all others: flat JSON, YAML or .env.",
            show_default=False,
        ),
    ] = None
    container_host: Annotated[
        str | None,
        typer.Option(
            "--container-host",
            metavar="HOST",
            help="Where a debugger's port is reached, if the engine is on another machine than samlocal."
            " [default: localhost]",
            show_default=False,
        ),
    ] = None
    container_host_interface: Annotated[
        str,
        typer.Option(
            "--container-host-interface",
            metavar="IP",
            help="The address of the engine's machine on which a debugger's port is open.",
        ),
    ] = "127.0.0.1"
