"""The options about what a function may use, and what it sees of this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from samlocal.frozen_dataclass import frozen


@frozen
class LimitOptions:
    """What a person types about limits and isolation."""

    no_memory_limit: Annotated[
        bool, typer.Option("--no-memory-limit", help="Don't limit the function's memory.")
    ] = False
    no_limits: Annotated[
        bool, typer.Option("--no-limits", help="Limit neither memory nor CPU nor the size of /tmp.")
    ] = False
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Let the function do only what Lambda does: another user than root,"
            " nothing writable but /tmp, and that of the size of `EphemeralStorage`.",
        ),
    ] = False
    file_system: Annotated[
        list[str] | None,
        typer.Option(
            "--file-system",
            metavar="/mnt/NAME=DIR",
            help="The directory to mount for an EFS file system (`FileSystemConfigs`), writable; repeatable.",
            show_default=False,
        ),
    ] = None
