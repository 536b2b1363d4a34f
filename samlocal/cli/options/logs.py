"""The options about the logs of functions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

import typer

from samlocal.cli.options import OUTPUT
from samlocal.frozen_dataclass import frozen

# Options that are in a longer list for a single invocation.
LogFileOption = Annotated[
    Path | None,
    typer.Option(
        "-l",
        "--log-file",
        metavar="FILE",
        help="Also write the function's logs to this file.",
        show_default=False,
    ),
]
TimestampsOption = Annotated[
    bool,
    typer.Option(
        "--timestamps",
        help="Show the time (UTC) before each line of the function's logs.",
    ),
]


@frozen
class LogOptions:
    """Options about logs."""

    heading: ClassVar = OUTPUT

    log_file: LogFileOption = None
    timestamps: TimestampsOption = False
