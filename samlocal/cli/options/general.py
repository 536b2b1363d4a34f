"""The options of every command with a configuration file."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import typer

from samlocal.cli.console import show_debug_log
from samlocal.cli.options import GENERAL, NO_EFFECT
from samlocal.frozen_dataclass import frozen

OutputFormat = Literal["text", "json"]
OutputOption = Annotated[
    OutputFormat,
    typer.Option("--output", help="Output format: text for people, JSON for scripts."),
]


@frozen
class GeneralOptions:
    """Options about the configuration file, which `ConfiguredCommand` has already read, and about logging."""

    heading: ClassVar = GENERAL

    config_file: Annotated[
        str | None,
        typer.Option(
            "--config-file",
            metavar="FILE",
            help="File with default values of options, beside the template or in the current directory. "
            "[default: samconfig.toml, .yaml or .yml]",
            show_default=False,
        ),
    ] = None
    config_env: Annotated[
        str | None,
        typer.Option(
            "--config-env",
            metavar="NAME",
            help="Environment in the configuration file. [default: default]",
            show_default=False,
        ),
    ] = None
    save_params: Annotated[
        bool,
        typer.Option(
            "--save-params",
            help="Save the options of this command line in the configuration file, and run the command.",
        ),
    ] = False
    beta_features: Annotated[
        bool | None,
        typer.Option(
            "--beta-features/--no-beta-features",
            rich_help_panel=NO_EFFECT,
            help="samlocal has no beta features.",
            show_default=False,
        ),
    ] = None
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Show samlocal's own log."),
    ] = False

    def apply(self) -> None:
        if self.debug:
            show_debug_log()
