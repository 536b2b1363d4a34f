"""Finds the function and the version that a request refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.aws_account import resource_arn
from samlocal.errors import FunctionNotFoundError
from samlocal.lambda_api import error_types
from samlocal.lambda_api.api_error import LambdaApiError
from samlocal.qualifier import LATEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.function import Function
    from samlocal.lambda_api.function_reference import FunctionReference
    from samlocal.lambda_api.functions import Functions


async def find_function(
    functions: Functions,
    reference: FunctionReference,
    *,
    action: str,
    missing: Callable[[str], LambdaApiError] | None = None,
) -> Function:
    """Return the function of a reference, whose qualifier is not looked at.

    `action` is what IAM calls the operation. `missing` returns the error about the ARN of a function that does
    not exist, where it is another than `not_found`.

    Raises:
        LambdaApiError: There is none in this Region and account.
        AmbiguousFunctionError: There are several.
    """
    if reference.region or reference.account_id:
        await _check_place(functions, reference, action)
    try:
        return await functions.find(reference.name)
    except FunctionNotFoundError as error:
        region, account_id = await functions.region_and_account()
        arn = _arn(reference.name, region, account_id)
        refusal = missing(arn) if missing else not_found(arn, reference.qualifier)
        raise refusal from error


def version_of(function: Function, qualifier: str | None, arn: str) -> str:
    """Return the version that a qualifier selects; `arn` is that of the function.

    Raises:
        LambdaApiError: There is no such version or alias.
    """
    if qualifier is None or qualifier == LATEST:
        return LATEST
    version = function.qualifiers.get(qualifier)
    if version is None:
        raise not_found(arn, qualifier)
    return version


def not_found(arn: str, qualifier: str | None) -> LambdaApiError:
    """Return the error for a function, a version or an alias that does not exist."""
    return LambdaApiError(
        error_types.RESOURCE_NOT_FOUND, f"Function not found: {with_qualifier(arn, qualifier)}"
    )


def with_qualifier(arn: str, qualifier: str | None) -> str:
    return f"{arn}:{qualifier}" if qualifier else arn


async def _check_place(functions: Functions, reference: FunctionReference, action: str) -> None:
    """Check the Region and the account of a reference that has one of them."""
    region, account_id = await functions.region_and_account()
    if reference.region not in {None, region}:
        raise LambdaApiError(
            error_types.RESOURCE_NOT_FOUND,
            f"Functions from '{reference.region}' are not reachable in this region ('{region}')",
        )
    other = reference.account_id or account_id
    if other != account_id:
        raise LambdaApiError(
            error_types.ACCESS_DENIED,
            f"User: arn:aws:iam::{account_id}:root is not authorized to perform: {action} on"
            f" resource: {_arn(reference.name, region, other)} because no resource-based policy"
            f" allows the {action} action",
        )


def _arn(name: str, region: str, account_id: str) -> str:
    return resource_arn("lambda", f"function:{name}", region=region, account_id=account_id)
