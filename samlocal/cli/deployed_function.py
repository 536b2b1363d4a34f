"""Finds the deployed function that a command names: by ARN, stack, project or name in AWS."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.cli.samconfig import CONTEXT_KEY, DEFAULT_ENVIRONMENT, read_config
from samlocal.errors import FunctionNotFoundError, TemplateNotFoundError, UsageError
from samlocal.frozen_dataclass import frozen
from samlocal.remote.resource_ids import read_arn

if TYPE_CHECKING:
    from collections.abc import Mapping

    import typer

    from samlocal.aws_clients import AwsSession
    from samlocal.cli.options.deployed import DeploymentOptions
    from samlocal.cli.options.general import GeneralOptions
    from samlocal.cli.samconfig import Config
    from samlocal.function import FunctionEntry
    from samlocal.host import Host
    from samlocal.preparation.options import ProjectOptions
    from samlocal.project.project import Project

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
        return _with_session(arn.arn, deployment, host, region=arn.region)
    if deployment.stack_name is None:
        return _of_project(identifier, deployment, options, host, is_of_project=is_of_project)
    from samlocal.remote.stacks import Stacks

    session, region = _session(deployment, host)
    name = Stacks(session, region=region).find(deployment.stack_name, identifier)
    return DeployedFunction(name=name, session=session, region=region)


def _with_session(
    name: str, deployment: Deployment, host: Host, *, region: str | None = None
) -> DeployedFunction:
    session, region = _session(deployment, host, region=region)
    return DeployedFunction(name=name, session=session, region=region)


def _session(
    deployment: Deployment,
    host: Host,
    *,
    region: str | None = None,
    keys: Mapping[str, str] | None = None,
) -> tuple[AwsSession, str]:
    """Return a session and its Region: that of the options, else `region`, else the shell's or the profile's."""
    from samlocal.aws_clients import open_session
    from samlocal.credentials import find_region

    profile = deployment.profile
    found = find_region(deployment.region or region, profile, shell=host.variables, home=host.home)
    purpose = "invoking a deployed function"
    return open_session(region=found, profile=profile, keys=keys, purpose=purpose), found


def _of_project(
    identifier: str | None,
    deployment: Deployment,
    options: ProjectOptions,
    host: Host,
    *,
    is_of_project: bool,
) -> DeployedFunction:
    """Return a function of the project, or one whose name in AWS the identifier is."""
    from samlocal.preparation.project import open_project

    try:
        project = open_project(options, host)
        entry = project.find(identifier)
    except TemplateNotFoundError as error:
        if identifier is None:
            raise UsageError(
                "no function is named", hint="name one, or its stack: `--stack-name NAME`"
            ) from error
        if options.template is not None:
            raise
        return _with_session(_plain(identifier), deployment, host)
    except FunctionNotFoundError:
        if identifier is None or is_of_project:
            raise
        return _with_session(_plain(identifier), deployment, host)
    name = _name_in_aws(project, entry, identifier)
    if project.stage is None:
        return _with_session(name, deployment, host, region=project.region)
    session, region = _session_of_stage(project, deployment, host, project.stage)
    return DeployedFunction(name=name, session=session, region=region)


def _session_of_stage(
    project: Project, deployment: Deployment, host: Host, stage: str
) -> tuple[AwsSession, str]:
    """Return a session in a Serverless project's Region, with the credentials that Serverless would use."""
    if deployment.profile is not None:
        return _session(deployment, host, region=project.region)
    from samlocal.stage_credentials import session_keys, shell_of_stage

    shell = shell_of_stage(host.variables, stage=stage, profile=project.profile)
    chosen = replace(deployment, profile=shell.get("AWS_PROFILE"))
    return _session(chosen, host, region=project.region, keys=session_keys(shell))


def _name_in_aws(project: Project, entry: FunctionEntry, identifier: str | None) -> str:
    """Return the name of a function of the project in AWS, with the qualifier of the identifier."""
    from samlocal.project.lookup import qualifier_in

    name = entry.function_name
    if name is None and project.stage is not None:  # the function is in a file of its own
        name = project.resolve(entry).name
    if name is None:
        raise UsageError(
            f"the name of `{entry.full_path}` in AWS is not known: CloudFormation chooses it",
            place=entry.place,
            hint="`--stack-name NAME` asks its stack; the function's name in AWS or its ARN needs no stack",
        )
    qualifier = qualifier_in(identifier, entry)
    return f"{name}:{qualifier}" if qualifier else name


def _plain(identifier: str) -> str:
    if "/" in identifier:
        raise UsageError(
            f"`{identifier}` is in a nested stack",
            hint="`--stack-name NAME` names the stack that it starts from",
        )
    return identifier
