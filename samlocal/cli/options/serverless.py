"""The options of `invoke local` that are not, or not so, among those of `local invoke`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal

import typer

from samlocal.cli.options import CONTAINER, NO_EFFECT_OF_SERVERLESS
from samlocal.cli.options.invocation import InvokeOptions
from samlocal.cli.options.project import ProjectOptions
from samlocal.frozen_dataclass import frozen

# Some mean something else in `local invoke`. `-c` is what Serverless's pages say, not its code:
# https://www.serverless.com/framework/docs/providers/aws/cli-reference/invoke-local
SHORT_OPTIONS: Final = {
    "function_identifier": "-f",
    "data": "-d",
    "path": "-p",
    "context": "-c",
    "context_path": "-x",
    "env": "-e",
    "stage": "-s",
    "region": "-r",
    "template": "-t",
    "env_vars": "-n",
}


# Options that `invoke` shares.
DataOption = Annotated[
    str | None,
    typer.Option(
        "-d",
        "--data",
        metavar="TEXT",
        help="The event: JSON, or any other text. [default: standard input, else {}]",
        show_default=False,
    ),
]
PathOption = Annotated[
    str | None,
    typer.Option(
        "-p",
        "--path",
        metavar="FILE",
        help="Read the event from a JSON, YAML, JavaScript or text file of the project, or from stdin "
        "(`-`); overrides --data.",
        show_default=False,
    ),
]
RawOption = Annotated[
    bool,
    typer.Option(
        "--raw",
        help="Pass data, and the context, to the function as a string, even if it is JSON.",
    ),
]


@frozen
class InvokeLocalOptions(InvokeOptions):
    """The options of `invoke local` about the function and its event."""

    spelling: ClassVar[Literal["sam", "serverless"]] = "serverless"

    function_identifier: Annotated[
        str | None,
        typer.Option(
            "-f",
            "--function",
            metavar="FUNCTION",
            help="Key in `functions`, or function name, logical ID or ARN, optionally with :VERSION or "
            ":ALIAS. Required.",
            show_default=False,
        ),
    ] = None
    data: DataOption = None
    path: PathOption = None
    raw: RawOption = False
    context: Annotated[
        str | None,
        typer.Option(
            "-c",
            "--context",
            metavar="TEXT",
            help="Members of the function's context, in JSON, or any other text.",
            show_default=False,
        ),
    ] = None


@frozen
class ServerlessProjectOptions(ProjectOptions):
    """Options about the project, in Serverless's spelling too."""

    template: Annotated[
        Path | None,
        typer.Option(
            "-t",
            "--config",
            "--template",
            "--template-file",
            metavar="PATH",
            help="Configuration file of the project, or a template. [default: serverless.yml, .yaml, .json, "
            ".js, .mjs, .cjs or .ts, unless there is a SAM template or a CDK app]",
            show_default=False,
        ),
    ] = None
    region: Annotated[
        str | None,
        typer.Option(
            "-r",
            "--region",
            metavar="REGION",
            help="AWS Region. [default: `provider.region`, else us-east-1]",
            show_default=False,
        ),
    ] = None
    profile: Annotated[
        str | None,
        typer.Option(
            "--aws-profile",
            "--profile",
            metavar="NAME",
            help="AWS profile, for the function's credentials and for --resolve-remote.",
            show_default=False,
        ),
    ] = None


@frozen
class DashboardOptions:
    """Options that need nothing here: no Dashboard is asked."""

    heading: ClassVar = NO_EFFECT_OF_SERVERLESS

    app: Annotated[
        str | None,
        typer.Option(
            "--app", metavar="NAME", help="App in Serverless's Dashboard.", show_default=False
        ),
    ] = None
    org: Annotated[
        str | None,
        typer.Option(
            "--org", metavar="NAME", help="Org in Serverless's Dashboard.", show_default=False
        ),
    ] = None
    use_local_credentials: Annotated[
        bool,
        typer.Option(
            "--use-local-credentials",
            help="Do not ask the Dashboard for credentials; samlocal never does.",
        ),
    ] = False
    verbose: Annotated[
        bool,
        typer.Option("--verbose", help="Show more of Serverless's own messages."),
    ] = False


@frozen
class OtherServerlessOptions(DashboardOptions):
    """`--docker`, and options that need nothing here: no package is made, either."""

    docker: Annotated[
        bool,
        typer.Option(
            "--docker",
            help="Run the function in a container: the same as --sandbox docker.",
            rich_help_panel=CONTAINER,
        ),
    ] = False
    skip_package: Annotated[
        bool,
        typer.Option("--skip-package", help="Do not package the service; samlocal never does."),
    ] = False
