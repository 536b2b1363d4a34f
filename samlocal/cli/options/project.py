"""The options that say which project it is, and what its template refers to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samlocal.frozen_dataclass import frozen


@frozen
class ProjectOptions:
    """What options say about a project."""

    template: Annotated[
        Path | None,
        typer.Option(
            "-t",
            "--template",
            "--template-file",
            metavar="PATH",
            help="The template. [default: what `sam build` made, else template.yaml, .yml or .json]",
            show_default=False,
        ),
    ] = None
    parameter_overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter-overrides",
            metavar="KEY=VALUE ...",
            help="Values of template parameters: `Key=Value …`,"
            " `ParameterKey=Key,ParameterValue=Value …` or file://PATH.",
            show_default=False,
        ),
    ] = None
    resolve_file: Annotated[
        Path | None,
        typer.Option(
            "--resolve-file",
            metavar="PATH",
            help="Values that live in AWS, as YAML or JSON: `ssm`, `secretsmanager`, `exports`.",
            show_default=False,
        ),
    ] = None
    resolve_remote: Annotated[
        bool,
        typer.Option(
            "--resolve-remote",
            help="Read values that live in AWS (SSM parameters, secrets, exports, includes) from the account.",
        ),
    ] = False
    region: Annotated[
        str | None,
        typer.Option("--region", metavar="REGION", help="The AWS Region.", show_default=False),
    ] = None
    account_id: Annotated[
        str | None,
        typer.Option(
            "--account-id",
            metavar="ID",
            help="The AWS account. [default: AWS_ACCOUNT_ID, else that of the credentials, where a profile"
            " names it or --resolve-remote asks for it]",
            show_default=False,
        ),
    ] = None
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="The profile with the AWS credentials, for the function and for --resolve-remote.",
            show_default=False,
        ),
    ] = None
    language_extensions: Annotated[
        bool | None,
        typer.Option(
            "--language-extensions/--no-language-extensions",
            help="Accepted as in sam; samlocal always resolves language extensions such as Fn::ForEach.",
            show_default=False,
        ),
    ] = None
