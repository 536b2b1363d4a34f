"""Opens the project that the options select."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samlocal.aws_account import Account
    from samlocal.cloudformation.intrinsics.dynamic_references import ValueSource
    from samlocal.host import Host
    from samlocal.preparation.options import ProjectOptions
    from samlocal.project.project import Project


def open_project(options: ProjectOptions, host: Host) -> Project:
    """Open a project without resolving it.

    Raises:
        UsageError: The account is malformed, or boto3 is required but not installed.
        ProjectError: The template, or the file of values, cannot be read.
    """
    from samlocal.cloudformation import project

    remote = _remote_values(options)
    return project.open_project(
        options.template,
        parameter_overrides=options.parameter_overrides,
        region=options.region,
        account=_account(options, remote, host),
        given_values=_given_values(options),
        remote_values=remote,
        directory=host.directory,
    )


def with_region(options: ProjectOptions, host: Host) -> ProjectOptions:
    """Return the options with the Region in which functions run: see `credentials.find_region`.

    Raises:
        UsageError: The chosen Region is malformed.
    """
    from samlocal.credentials import find_region

    region = find_region(options.region, options.profile, shell=host.variables, home=host.home)
    return replace(options, region=region)


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


def _given_values(options: ProjectOptions) -> ValueSource | None:
    if not options.values_file:
        return None
    from samlocal.cloudformation.intrinsics.dynamic_references import read_given_values

    return read_given_values(options.values_file)


def _remote_values(options: ProjectOptions) -> ValueSource | None:
    if not options.resolve_remote:
        return None
    from samlocal.aws_clients import connect
    from samlocal.cloudformation.intrinsics.aws_values import RemoteValues

    return RemoteValues(connect(region=options.region, profile=options.profile))
