"""Finds the deployed function that a command names: by ARN, stack, project or name in AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.cli.samconfig import CONTEXT_KEY, DEFAULT_ENVIRONMENT, read_config
from samlocal.errors import FunctionNotFoundError, TemplateNotFoundError, UsageError
from samlocal.frozen_dataclass import frozen
from samlocal.remote.resource_ids import read_arn

if TYPE_CHECKING:
    import typer

    from samlocal.aws_clients import AwsSession
    from samlocal.cli.options.deployed import DeploymentOptions
    from samlocal.cli.options.general import GeneralOptions
    from samlocal.cli.samconfig import Config
    from samlocal.function import FunctionEntry
    from samlocal.host import Host
    from samlocal.preparation.options import ProjectOptions

_DEPLOY = ("deploy",)
_DEPLOYED = ("stack_name", "region", "profile")


@frozen
class DeployedFunction:
    """A function as Lambda's API names it, and the session and Region to invoke it with."""

    name: str
    session: AwsSession
    region: str


@frozen
class Deployment:
    """Where functions are deployed, as far as options and samconfig tell."""

    stack_name: str | None = None
    region: str | None = None
    profile: str | None = None


def read_deployment(
    context: typer.Context,
    chosen: DeploymentOptions,
    project: ProjectOptions,
    general: GeneralOptions,
) -> Deployment:
    """Return the stack, Region and profile of the options, else those with which `sam deploy` deploys.

    The latter apply only where the options name no stack:
    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html

    Raises:
        ConfigError: samconfig cannot be read.
    """
    own = Deployment(stack_name=chosen.stack_name, region=project.region, profile=project.profile)
    config: Config | None = context.meta.get(CONTEXT_KEY)
    if own.stack_name is not None or config is None:
        return own
    environment = general.config_env or DEFAULT_ENVIRONMENT
    known = {name: name for name in _DEPLOYED}
    values = read_config(config.path, environment, _DEPLOY, known=known).values
    texts = {name: str(values[name]) for name in _DEPLOYED if values.get(name)}
    if "stack_name" not in texts:
        return own
    return Deployment(
        stack_name=texts["stack_name"],
        region=own.region or texts.get("region"),
        profile=own.profile or texts.get("profile"),
    )


def find_deployed_function(
    identifier: str | None,
    deployment: Deployment,
    options: ProjectOptions,
    host: Host,
    *,
    is_of_project: bool,
) -> DeployedFunction:
    """Return the function that `identifier` names; None means the only one of the stack or the project.

    An ARN names itself. Otherwise the stack knows the function, if there is one; else the project; else the identifier is
    taken for a name in AWS, but with `is_of_project` only where there is no project.

    Raises:
        UsageError: boto3 is not installed, or the identifier names no function.
        ProjectError: The project cannot be read, or has no such function.
        RemoteError: The stack cannot be read, or has no such function.
    """
    arn = read_arn(identifier) if identifier is not None else None
    if arn is not None:
        session, region = _session(deployment, host, region=arn.region)
        return DeployedFunction(name=arn.arn, session=session, region=region)
    if deployment.stack_name is None:
        name = _of_project(identifier, options, host, is_of_project=is_of_project)
        session, region = _session(deployment, host)
        return DeployedFunction(name=name, session=session, region=region)
    from samlocal.remote.stacks import Stacks

    session, region = _session(deployment, host)
    name = Stacks(session, region=region).find(deployment.stack_name, identifier)
    return DeployedFunction(name=name, session=session, region=region)


def _session(
    deployment: Deployment, host: Host, *, region: str | None = None
) -> tuple[AwsSession, str]:
    """Return a session and its Region: that of the options, else `region`, else the shell's or the profile's."""
    from samlocal.aws_clients import open_session
    from samlocal.credentials import find_region

    found = find_region(
        deployment.region or region, deployment.profile, shell=host.variables, home=host.home
    )
    session = open_session(
        region=found, profile=deployment.profile, purpose="invoking a deployed function"
    )
    return session, found


def _of_project(
    identifier: str | None, options: ProjectOptions, host: Host, *, is_of_project: bool
) -> str:
    """Return the name in AWS of a function of the project, or an identifier that is one already."""
    from samlocal.preparation.project import open_project
    from samlocal.project.lookup import qualifier_in

    try:
        entry = open_project(options, host).find(identifier)
    except TemplateNotFoundError as error:
        if identifier is None:
            raise UsageError(
                "no function is named", hint="name one, or its stack: `--stack-name NAME`"
            ) from error
        if options.template is not None:
            raise
        return _plain(identifier)
    except FunctionNotFoundError:
        if identifier is None or is_of_project:
            raise
        return _plain(identifier)
    qualifier = qualifier_in(identifier, entry)
    name = _name_in_aws(entry)
    return f"{name}:{qualifier}" if qualifier else name


def _name_in_aws(entry: FunctionEntry) -> str:
    if entry.function_name:
        return entry.function_name
    raise UsageError(
        f"the name of `{entry.full_path}` in AWS is not known: CloudFormation chooses it",
        place=entry.place,
        hint="`--stack-name NAME` asks its stack; the function's name in AWS or its ARN needs no stack",
    )


def _plain(identifier: str) -> str:
    if "/" in identifier:
        raise UsageError(
            f"`{identifier}` is in a nested stack",
            hint="`--stack-name NAME` names the stack that it starts from",
        )
    return identifier
