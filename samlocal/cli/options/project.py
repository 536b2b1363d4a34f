"""The options about the project and the values that its template refers to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

import typer

from samlocal.cli.options import NO_EFFECT, PROJECT
from samlocal.frozen_dataclass import frozen


@frozen
class ProjectOptions:
    """Options about the project."""

    heading: ClassVar = PROJECT

    template: Annotated[
        Path | None,
        typer.Option(
            "-t",
            "--template",
            "--template-file",
            metavar="PATH",
            help="Template, serverless.yml, or directory of a CDK app. [default: the output of `sam build`, "
            "else template.yaml, .yml or .json, cdk.out, or serverless.yml]",
            show_default=False,
        ),
    ] = None
    parameter_overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter-overrides",
            metavar="KEY=VALUE ...",
            help="Values of template parameters: `Key=Value …`, `ParameterKey=Key,ParameterValue=Value "
            "…` or file://PATH.",
            show_default=False,
        ),
    ] = None
    resolve_file: Annotated[
        Path | None,
        typer.Option(
            "--resolve-file",
            metavar="FILE",
            help="Read values that live in AWS (`ssm`, `secretsmanager`, `exports`, …), and any variable "
            "of Serverless, from a YAML or JSON file.",
            show_default=False,
        ),
    ] = None
    resolve_remote: Annotated[
        bool,
        typer.Option(
            "--resolve-remote",
            help="Read values that live in AWS (SSM parameters, secrets, exports, includes) from the "
            "account.",
        ),
    ] = False
    stage: Annotated[
        str | None,
        typer.Option(
            "--stage",
            metavar="STAGE",
            help="Stage of a Serverless project. [default: its `provider.stage`, else dev]",
            show_default=False,
        ),
    ] = None
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            metavar="KEY=VALUE",
            help="Value of `${param:KEY}` in a Serverless project; repeatable.",
            show_default=False,
        ),
    ] = None
    region: Annotated[
        str | None,
        typer.Option(
            "--region",
            metavar="REGION",
            help="AWS Region. [default: AWS_REGION, else the profile's, else us-east-1]",
            show_default=False,
        ),
    ] = None
    account_id: Annotated[
        str | None,
        typer.Option(
            "--account-id",
            metavar="ID",
            help="AWS account ID. [default: AWS_ACCOUNT_ID, else the account of the credentials, if the "
            "profile or --resolve-remote provides it]",
            show_default=False,
        ),
    ] = None
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="AWS profile, for the function's credentials and for --resolve-remote.",
            show_default=False,
        ),
    ] = None
    language_extensions: Annotated[
        bool | None,
        typer.Option(
            "--language-extensions/--no-language-extensions",
            rich_help_panel=NO_EFFECT,
            help="Always on: samlocal resolves language extensions such as Fn::ForEach, as AWS does.",
            show_default=False,
        ),
    ] = None
