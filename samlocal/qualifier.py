"""The version of a function and its ARN, as `--qualifier` selects them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from samlocal.aws_account import resource_arn
from samlocal.diagnostics import Diagnostic
from samlocal.errors import FunctionNotFoundError, UsageError
from samlocal.frozen_dataclass import frozen
from samlocal.suggestions import did_you_mean, quoted

if TYPE_CHECKING:
    from samlocal.function import Function

LATEST = "$LATEST"

# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestParameters
_QUALIFIER = re.compile(r"[a-zA-Z0-9$_-]{1,128}")


@frozen
class QualifiedFunction:
    """The version of a function that an invocation runs, and the ARN that invoked it."""

    version: str
    arn: str
    diagnostics: tuple[Diagnostic, ...] = ()


def qualify(function: Function, qualifier: str | None) -> QualifiedFunction:
    """Return the version and the ARN that `qualifier`, a version or an alias, selects.

    The default is `$LATEST`, and the ARN then has no qualifier, as in `aws lambda invoke`. Every
    version runs the local code; a version that the template does not publish is a diagnostic.

    Raises:
        FunctionNotFoundError: the function has no such alias.
        UsageError: `qualifier` can be neither a version nor an alias.
    """
    arn = function_arn(function)
    if qualifier is None:
        return QualifiedFunction(version=LATEST, arn=arn)
    qualified = f"{arn}:{qualifier}"
    if qualifier in {LATEST, *function.qualifiers.values()}:
        return QualifiedFunction(version=qualifier, arn=qualified)
    if qualifier in function.qualifiers:
        return QualifiedFunction(version=function.qualifiers[qualifier], arn=qualified)
    if qualifier.isdecimal() and qualifier.isascii():
        diagnostic = Diagnostic(
            message=f"the template publishes no version {qualifier} of `{function.name}`",
            place=function.place,
            hint="the local code runs under that number",
        )
        return QualifiedFunction(version=qualifier, arn=qualified, diagnostics=(diagnostic,))
    raise _not_found(function, qualifier, qualified)


def function_arn(function: Function) -> str:
    """Return the ARN of a function, without a qualifier."""
    resource = f"function:{function.name}"
    return resource_arn("lambda", resource, region=function.region, account_id=function.account_id)


def _not_found(function: Function, qualifier: str, arn: str) -> FunctionNotFoundError | UsageError:
    if not _QUALIFIER.fullmatch(qualifier):
        return UsageError(
            f"`{qualifier}` is not a qualifier",
            hint="a version is a number or `$LATEST`, an alias has letters, digits, `-` and `_`",
        )
    hint = did_you_mean(qualifier, sorted(function.qualifiers)) or _known_qualifiers(function)
    return FunctionNotFoundError(f"Function not found: {arn}", hint=hint)


def _known_qualifiers(function: Function) -> str:
    aliases = [each for each in function.qualifiers if not each.isdecimal()]
    versions = [each for each in function.qualifiers if each.isdecimal()]
    hint = (
        f"aliases: {quoted(aliases)}"
        if aliases
        else f"the template has no alias of `{function.logical_id}`"
    )
    return f"{hint}; versions: {quoted(versions)}" if versions else hint
