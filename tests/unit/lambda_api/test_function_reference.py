"""How functions are named in requests."""

from __future__ import annotations

import re
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.lambda_api.api_error import LambdaApiError
from samlocal.lambda_api.function_reference import FunctionReference, read_reference

# Of `NamespacedFunctionName` in the model.
PATTERN: Final = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?"
    r"(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Echo", FunctionReference(name="Echo")),
        ("Echo:live", FunctionReference(name="Echo", qualifier="live")),
        ("Echo:$LATEST", FunctionReference(name="Echo", qualifier="$LATEST")),
        ("Echo:$LATEST.PUBLISHED", FunctionReference(name="Echo", qualifier="$LATEST.PUBLISHED")),
        ("function:Echo", FunctionReference(name="Echo")),
        ("function", FunctionReference(name="function")),
        (
            "123456789012:function:Echo",
            FunctionReference(name="Echo", account_id="123456789012"),
        ),
        ("123456789012", FunctionReference(name="123456789012")),
        (
            "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:Echo:1",
            FunctionReference(
                name="Echo", qualifier="1", region="us-gov-west-1", account_id="123456789012"
            ),
        ),
        (
            "eusc-de-east-1:123456789012:function:Echo",
            FunctionReference(name="Echo", region="eusc-de-east-1", account_id="123456789012"),
        ),
        (
            "us-isob-east-1:123456789012:Echo",
            FunctionReference(name="Echo", region="us-isob-east-1", account_id="123456789012"),
        ),
        ("Stack/Nested/Echo", FunctionReference(name="Stack/Nested/Echo")),
        ("Stack/Echo:live", FunctionReference(name="Stack/Echo", qualifier="live")),
    ],
)
def test_reference(text: str, expected: FunctionReference) -> None:
    """A name is taken apart as on Lambda; a path names a function of a nested stack."""
    assert read_reference(text) == expected


@given(st.from_regex(PATTERN, fullmatch=True))
def test_every_name_of_the_model(text: str) -> None:
    """Whatever the pattern of the model allows is read, up to its length."""
    if not re.fullmatch(PATTERN, text, re.ASCII):
        return  # digits of other scripts
    if len(text) > 256:
        with pytest.raises(LambdaApiError, match="length less than or equal to 256"):
            read_reference(text)
        return
    reference = read_reference(text)
    assert reference.name
    assert text.endswith((reference.name, f"{reference.name}:{reference.qualifier}"))


@given(st.text(max_size=300), st.none() | st.text(max_size=140))
def test_any_text(text: str, qualifier: str | None) -> None:
    """Any other text is a validation error, never one of samlocal's own."""
    status = None
    try:
        read_reference(text, qualifier)
    except LambdaApiError as error:
        status = error.error_type.status
    assert status in {None, 400}
