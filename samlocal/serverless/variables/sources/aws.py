"""`${aws:accountId}` and `${aws:region}`; in version 4 also `${aws:ssm:/path}` and its like.

https://www.serverless.com/framework/docs/guides/variables/aws
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.aws_account import DEFAULT_ACCOUNT_ID, Account
from samlocal.cloudformation.intrinsics.dynamic_references import Reference
from samlocal.documents.node import Unknown
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.variables.source import SourceRequest, Variables

_NAMES: Final = ("accountId", "region")
_SOURCES: Final = ("ssm", "s3", "cf")


def read_account(request: SourceRequest, variables: Variables) -> Node | None:
    """Return the account or the Region of the service."""
    name = request.required_name("aws:region")
    source, colon, address = name.partition(":")
    if colon and source in _SOURCES:
        from samlocal.serverless.variables.sources import find_source  # noqa: PLC0415  # which lists this module

        inner = replace(request, type=source, address=request.node.with_value(address))
        return find_source(source)(inner, variables)
    if name not in _NAMES:
        raise request.error(
            f"`{name}` is not a value of `aws`",
            hint=did_you_mean(name, _NAMES) or "it has `aws:accountId` and `aws:region`",
        )
    values = variables.context.given
    given = values.aws(name) if values else None
    if name == "region":
        return request.node.with_value(given or variables.region)
    return request.node.with_value(_account(given, variables))


def _account(given: str | None, variables: Variables) -> str:
    """Return the first account that is known, as for templates; else the placeholder."""
    account = variables.context.account or Account()
    if known := account.given or given or account.of_credentials:
        return known
    remote = variables.context.remote
    reference = Reference(service="sts", name="AWS::AccountId", region=variables.region)
    found = remote.look_up(reference) if remote else None
    return DEFAULT_ACCOUNT_ID if found is None or isinstance(found, Unknown) else found
