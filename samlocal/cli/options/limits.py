"""The options about limits and isolation."""

from __future__ import annotations

from typing import Annotated, ClassVar

import typer

from samlocal.cli.options import LIMITS
from samlocal.frozen_dataclass import frozen


@frozen
class LimitOptions:
    """Options about limits and isolation."""

    heading: ClassVar = LIMITS

    no_memory_limit: Annotated[
        bool, typer.Option("--no-memory-limit", help="Do not limit the function's memory.")
    ] = False
    no_limits: Annotated[
        bool, typer.Option("--no-limits", help="Do not limit memory, CPU or the size of /tmp.")
    ] = False
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Allow only what Lambda allows: no root user, and a read-only file system except for "
            "/tmp, which has the size of `EphemeralStorage`.",
        ),
    ] = False
    file_system: Annotated[
        list[str] | None,
        typer.Option(
            "--file-system",
            metavar="/mnt/NAME=DIR",
            help="Mount a directory, writable, for an EFS file system (`FileSystemConfigs`); repeatable.",
            show_default=False,
        ),
    ] = None
