"""Opens the project that a command's options name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.cli.console import show_warning

if TYPE_CHECKING:
    from samlocal.aws_account import Account
    from samlocal.cli.options.project import ProjectOptions
    from samlocal.cloudformation.intrinsics.dynamic_references import ValueSource
    from samlocal.project.project import Project


def open_with(chosen: ProjectOptions) -> Project:
    """Open the project.

    Raises:
        UsageError: the parameter overrides or the account are malformed, or boto3 is needed and not
            installed.
        ProjectError: the template, or the file of values, can't be read.
    """
    from samlocal.cloudformation.project import open_project

    if chosen.language_extensions is False:
        show_warning(
            "`--no-language-extensions` has no effect: language extensions are always resolved, as in AWS"
        )
    remote = _remote_values(chosen)
    return open_project(
        chosen.template,
        parameter_overrides=_parameter_overrides(chosen),
        region=chosen.region,
        account=_account(chosen, remote),
        given_values=_given_values(chosen),
        remote_values=remote,
    )


def _parameter_overrides(chosen: ProjectOptions) -> dict[str, str]:
    if not chosen.parameter_overrides:
        return {}
    from samlocal.project.parameter_overrides import parse_parameter_overrides

    return parse_parameter_overrides(chosen.parameter_overrides)


def _account(chosen: ProjectOptions, remote: ValueSource | None) -> Account:
    """Return the account: the given one, else that of the credentials, which only `remote` is asked for."""
    from samlocal.credentials import find_account

    account = find_account(chosen.account_id, chosen.profile, shell=os.environ, home=Path.home())
    if account.known or remote is None:
        return account
    from samlocal.aws_account import ACCOUNT_HINT, DEFAULT_ACCOUNT_ID, Account
    from samlocal.cloudformation.intrinsics.dynamic_references import Reference
    from samlocal.diagnostics import Diagnostic

    found = remote.look_up(Reference(service="sts", name="AWS::AccountId"))
    if isinstance(found, str):
        return Account(of_credentials=found)
    reason = found.reason if found else "the account is not known"
    message = f"{reason}; `AWS::AccountId` is {DEFAULT_ACCOUNT_ID}"
    return Account(diagnostic=Diagnostic(message=message, hint=ACCOUNT_HINT))


def _given_values(chosen: ProjectOptions) -> ValueSource | None:
    if not chosen.resolve_file:
        return None
    from samlocal.cloudformation.intrinsics.dynamic_references import read_given_values

    return read_given_values(chosen.resolve_file)


def _remote_values(chosen: ProjectOptions) -> ValueSource | None:
    if not chosen.resolve_remote:
        return None
    from samlocal.aws_clients import connect
    from samlocal.cloudformation.intrinsics.aws_values import RemoteValues

    return RemoteValues(connect(region=chosen.region, profile=chosen.profile))
