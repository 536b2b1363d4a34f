"""Which invocations have a tenant ID."""

from __future__ import annotations

from pathlib import Path

import pytest

from samlocal.errors import InvalidParameterValueError, Place, UsageError
from samlocal.function import Function, InlineCode
from samlocal.tenancy import check_tenant

PLACE, TENANCY = Place(Path("template.yaml"), 1, 1), Place(Path("template.yaml"), 7, 7)


def function(tenancy: Place | None) -> Function:
    return Function(
        logical_id="Ratings",
        full_path="Ratings",
        name="Ratings",
        code=InlineCode(source="", place=PLACE),
        place=PLACE,
        tenancy=tenancy,
    )


@pytest.mark.parametrize(
    ("tenancy", "tenant_id"),
    [(None, None), (TENANCY, "blue"), (TENANCY, "a b._:/=+-@"), (TENANCY, "x" * 256)],
)
def test_a_matching_tenant(tenancy: Place | None, tenant_id: str | None) -> None:
    """A function that isolates tenants takes any valid tenant ID, any other function none."""
    check_tenant(function(tenancy), tenant_id)


@pytest.mark.parametrize(
    ("tenancy", "tenant_id", "message"),
    [
        (TENANCY, None, "template.yaml:7:7: `Ratings` isolates its tenants: each invocation needs"),
        (None, "blue", "template.yaml:1:1: `Ratings` does not isolate tenants: its invocations"),
    ],
)
def test_a_tenant_that_lambda_refuses(
    tenancy: Place | None, tenant_id: str | None, message: str
) -> None:
    """A missing or superfluous tenant ID is an error with place and hint, as in Lambda's API."""
    with pytest.raises(InvalidParameterValueError) as caught:
        check_tenant(function(tenancy), tenant_id)
    assert str(caught.value).startswith(message)
    assert "`--tenant-id" in str(caught.value.hint)


@pytest.mark.parametrize("tenant_id", ["", " ", "a,b", "ü", "x" * 257, "a\n"])
def test_a_malformed_tenant_id(tenant_id: str) -> None:
    """A tenant ID that Lambda's API does not take is a usage error."""
    with pytest.raises(UsageError, match="is not a tenant ID"):
        check_tenant(function(TENANCY), tenant_id)
