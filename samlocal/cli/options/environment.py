"""The options about the environment of a function."""

from __future__ import annotations

from typing import Annotated, ClassVar

import typer

from samlocal.cli.options import ENVIRONMENT
from samlocal.frozen_dataclass import frozen


@frozen
class EnvironmentOptions:
    """Options about environment variables and credentials."""

    heading: ClassVar = ENVIRONMENT

    env_vars: Annotated[
        list[str] | None,
        typer.Option(
            "-n",
            "--env-vars",
            metavar="FILE",
            help="Read environment variables from a JSON, YAML or .env file, or from stdin (`-`); "
            "repeatable.",
            show_default=False,
        ),
    ] = None
    env: Annotated[
        list[str] | None,
        typer.Option(
            "--env",
            metavar="KEY=VALUE",
            help="Set one environment variable; repeatable.",
            show_default=False,
        ),
    ] = None
    no_shell_env: Annotated[
        bool,
        typer.Option(
            "--no-shell-env",
            help="Do not let the shell override variables that the template declares.",
        ),
    ] = False
    no_credentials: Annotated[
        bool,
        typer.Option(
            "--no-credentials",
            help="Do not give the function AWS credentials.",
        ),
    ] = False
    no_lambda_endpoint: Annotated[
        bool,
        typer.Option(
            "--no-lambda-endpoint",
            help="Do not let the function call other functions on this machine "
            "(`AWS_ENDPOINT_URL_LAMBDA`).",
        ),
    ] = False
