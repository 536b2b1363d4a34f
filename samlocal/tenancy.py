"""Tenants: which invocations of a function have a tenant ID.

https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.errors import InvalidParameterValueError, UsageError

if TYPE_CHECKING:
    from samlocal.function import Function

# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestSyntax
_TENANT_ID: Final = re.compile(r"(?!\s*$)[a-zA-Z0-9._:/=+\-@ ]{1,256}")


def check_tenant_id(tenant_id: str) -> None:
    """Check the form of a tenant ID.

    Raises:
        UsageError: It is malformed.
    """
    if not _TENANT_ID.fullmatch(tenant_id):
        raise UsageError(
            f"`{tenant_id}` is not a tenant ID",
            hint="a tenant ID has 1 to 256 letters, digits, spaces and `._:/=+-@`",
        )


def check_tenant(function: Function, tenant_id: str | None) -> None:
    """Check that an invocation has a tenant ID if, and only if, its function isolates tenants.

    Raises:
        UsageError: The tenant ID is malformed.
        InvalidParameterValueError: It is missing, or the function takes none.
    """
    if tenant_id is not None:
        check_tenant_id(tenant_id)
    if function.tenancy and tenant_id is None:
        raise InvalidParameterValueError(
            f"`{function.logical_id}` isolates its tenants: each invocation needs a tenant ID",
            place=function.tenancy,
            hint="add `--tenant-id ID`",
        )
    if tenant_id is not None and not function.tenancy:
        raise InvalidParameterValueError(
            f"`{function.logical_id}` does not isolate tenants: its invocations have no tenant ID",
            place=function.place,
            hint="remove `--tenant-id`, or give the function"
            " `TenancyConfig: {TenantIsolationMode: PER_TENANT}`",
        )
