"""The options about environments that outlive a command."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import typer

from samlocal.cli.options import KEPT
from samlocal.frozen_dataclass import frozen


@frozen
class KeepWarmOptions:
    """Options about warm environments."""

    heading: ClassVar = KEPT

    keep_warm: Annotated[
        str | None,
        typer.Option(
            "--keep-warm",
            metavar="DURATION",
            help="Keep the execution environment in a background service for this time, such as 90s, 5m or "
            "1h, so that the next invocation starts at once; 0 keeps nothing.",
            show_default=False,
        ),
    ] = None
    warm: Annotated[
        Literal["reuse", "fresh"],
        typer.Option(
            "--warm",
            help="With --keep-warm: run each invocation in the environment of the last one (reuse), or in "
            "a new one that was initialized ahead of time (fresh).",
        ),
    ] = "reuse"
