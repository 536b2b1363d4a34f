from __future__ import annotations

from pathlib import Path

import pytest

from samlocal.errors import FunctionNotFoundError, Place
from samlocal.function import FunctionEntry
from samlocal.project.lookup import find, qualifier_in

PLACE = Place(Path("template.yaml"), 1, 1)
FUNCTIONS = [
    FunctionEntry(logical_id="Ratings", full_path="Ratings", place=PLACE, function_name="shop.v2"),
    FunctionEntry(logical_id="Orders", full_path="Shop/Orders", place=PLACE, function_id="a:b"),
]


@pytest.mark.parametrize(
    ("identifier", "logical_id", "qualifier"),
    [
        ("Ratings", "Ratings", None),
        ("Ratings:live", "Ratings", "live"),
        ("Ratings:7", "Ratings", "7"),
        ("Ratings:$LATEST", "Ratings", "$LATEST"),
        ("123456789012:function:Ratings", "Ratings", None),
        ("123456789012:function:shop.v2:live", "Ratings", "live"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:Ratings", "Ratings", None),
        ("arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:Ratings:7", "Ratings", "7"),
        ("arn:aws:lambda::123456789012:function:shop.v2", "Ratings", None),
        ("Shop/Orders", "Orders", None),
        ("Shop/Orders:live", "Orders", "live"),
        ("Shop/arn:aws:lambda:eu-west-1:123456789012:function:Orders:live", "Orders", "live"),
        ("a:b", "Orders", None),
        ("a:b:live", None, None),
        ("Ratings:", None, None),
        ("arn:aws:sns:eu-west-1:123456789012:Ratings", None, None),
        ("arn:aws:lambda:eu-west-1:123456789012:layer:Ratings", None, None),
    ],
)
def test_identifiers_in_lambdas_formats(
    identifier: str, logical_id: str | None, qualifier: str | None
) -> None:
    """An identifier may be a name, an ARN or part of one, with a stack path and a qualifier."""
    if logical_id is None:
        with pytest.raises(FunctionNotFoundError):
            find(FUNCTIONS, identifier)
        return
    found = find(FUNCTIONS, identifier)
    assert (found.logical_id, qualifier_in(identifier, found)) == (logical_id, qualifier)
