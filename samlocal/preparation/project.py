"""Opens the project that the options select."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.errors import TemplateNotFoundError
from samlocal.path_kinds import is_directory
from samlocal.project.discovery import find_template, is_assembly, is_serverless

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.aws_account import Account
    from samlocal.aws_clients import Connect
    from samlocal.cloudformation.intrinsics.aws_values import RemoteValues
    from samlocal.cloudformation.intrinsics.dynamic_references import GivenValues, ValueSource
    from samlocal.host import Host
    from samlocal.preparation.options import ProjectOptions
    from samlocal.preparation.service_clients import ServiceClients
    from samlocal.project.project import Project


def open_project(options: ProjectOptions, host: Host) -> Project:
    """Open a project without resolving it.

    Raises:
        UsageError: The account is malformed, or boto3 is required but not installed.
        ProjectError: The template, or the file of values, cannot be read.
    """
    path = _find(options, host)
    if is_serverless(path):
        return _open_serverless(path, options, host)
    from samlocal.cloudformation import project

    remote = _remote_values(_account_clients(options)) if options.resolve_remote else None
    return project.open_project(
        path,
        parameter_overrides=options.parameter_overrides,
        region=options.region,
        account=_account(options, remote, host),
        given_values=_given_values(options),
        remote_values=remote,
        directory=host.directory,
    )


def _find(options: ProjectOptions, host: Host) -> Path:
    """Return the chosen template or configuration, else the one that is found."""
    path = options.template or host.directory
    if is_directory(path) and not (options.template and is_assembly(path)):
        return find_template(path)
    return path


def _open_serverless(path: Path, options: ProjectOptions, host: Host) -> Project:
    """Open a service; the shell's Region does not matter for it."""
    from samlocal.serverless import project
    from samlocal.serverless.variables.context import VariableContext

    clients = _service_clients(options, host)
    remote = _remote_values(clients) if clients else None
    account = _account(options, remote, host)
    chosen = {"stage": options.stage, "region": options.region}
    given = {name: value for name, value in chosen.items() if value}
    context = VariableContext(
        options={**options.options, **given},
        params=options.params,
        environment=host.variables,
        account=account,
        given=_given_values(options),
        remote=remote,
    )
    opened = project.open_project(
        path, context=context, parameter_overrides=options.parameter_overrides, account=account
    )
    if clients:
        clients.project = opened
    return opened


def _service_clients(options: ProjectOptions, host: Host) -> ServiceClients | None:
    if not options.resolve_remote:
        return None
    from samlocal.preparation.service_clients import ServiceClients

    return ServiceClients(options, host)


def with_region(options: ProjectOptions, host: Host) -> ProjectOptions:
    """Return the options with the Region in which functions run: see `credentials.find_region`.

    A service of Serverless names its own, whatever the shell and the profile say.

    Raises:
        UsageError: The chosen Region is malformed.
    """
    from samlocal.credentials import find_region

    if options.region is None and _is_service(options, host):
        return options
    region = find_region(options.region, options.profile, shell=host.variables, home=host.home)
    return replace(options, region=region)


def _is_service(options: ProjectOptions, host: Host) -> bool:
    try:
        return is_serverless(_find(options, host))
    except TemplateNotFoundError:  # raised again where the project is opened
        return False


def _account(options: ProjectOptions, remote: ValueSource | None, host: Host) -> Account:
    """Return the chosen account, else that of the credentials; only with `remote` is AWS asked for it."""
    from samlocal.credentials import find_account

    account = find_account(
        options.account_id, options.profile, shell=host.variables, home=host.home
    )
    if account.known or remote is None:
        return account
    from samlocal.aws_account import ACCOUNT_HINT, DEFAULT_ACCOUNT_ID, Account
    from samlocal.cloudformation.intrinsics.dynamic_references import Reference
    from samlocal.diagnostics import Diagnostic

    found = remote.look_up(Reference(service="sts", name="AWS::AccountId"))
    if isinstance(found, str):
        return Account(of_credentials=found)
    reason = found.reason if found else "the AWS account is not known"
    message = f"{reason}; `AWS::AccountId` is {DEFAULT_ACCOUNT_ID}"
    return Account(diagnostic=Diagnostic(message=message, hint=ACCOUNT_HINT))


def _given_values(options: ProjectOptions) -> GivenValues | None:
    if not options.values_file:
        return None
    from samlocal.cloudformation.intrinsics.dynamic_references import read_given_values

    return read_given_values(options.values_file)


def _account_clients(options: ProjectOptions) -> Connect:
    from samlocal.aws_clients import connect

    return connect(region=options.region, profile=options.profile)


def _remote_values(connect: Connect) -> RemoteValues:
    from samlocal.cloudformation.intrinsics.aws_values import RemoteValues

    return RemoteValues(connect)
