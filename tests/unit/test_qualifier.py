from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from samlocal.errors import FunctionNotFoundError, Place, UsageError
from samlocal.function import Function, InlineCode
from samlocal.qualifier import function_arn, qualify

PLACE = Place(Path("template.yaml"), 3, 3)
RATINGS = Function(
    logical_id="Ratings",
    full_path="Ratings",
    name="prod-ratings",
    code=InlineCode(source="", place=PLACE),
    place=PLACE,
    qualifiers={"live": "3", "beta": "$LATEST"},
)
ARN = "arn:aws:lambda:us-east-1:123456789012:function:prod-ratings"


@pytest.mark.parametrize(
    ("qualifier", "version", "suffix"),
    [
        pytest.param(None, "$LATEST", "", id="none"),
        pytest.param("$LATEST", "$LATEST", ":$LATEST", id="latest"),
        pytest.param("3", "3", ":3", id="version"),
        pytest.param("live", "3", ":live", id="alias"),
        pytest.param("beta", "$LATEST", ":beta", id="alias of latest"),
    ],
)
def test_what_a_qualifier_selects(qualifier: str | None, version: str, suffix: str) -> None:
    """An alias selects its version, and the ARN has the qualifier of the invocation."""
    qualified = qualify(RATINGS, qualifier)
    assert (qualified.version, qualified.arn) == (version, ARN + suffix)
    assert qualified.diagnostics == ()


def test_a_version_that_the_template_does_not_publish() -> None:
    """An unpublished version runs the local code, with a diagnostic."""
    qualified = qualify(RATINGS, "7")
    assert (qualified.version, qualified.arn) == ("7", f"{ARN}:7")
    [diagnostic] = qualified.diagnostics
    assert diagnostic.message == "the template publishes no version 7 of `prod-ratings`"
    assert diagnostic.place == PLACE


@pytest.mark.parametrize(
    ("qualifier", "hint"),
    [("lvie", "did you mean `live`?"), ("zzz", "aliases: `beta`, `live`")],
)
def test_an_alias_that_does_not_exist(qualifier: str, hint: str) -> None:
    """An unknown alias is AWS's error, and the hint lists the known aliases."""
    with pytest.raises(FunctionNotFoundError) as caught:
        qualify(RATINGS, qualifier)
    assert caught.value.message == f"Function not found: {ARN}:{qualifier}"
    assert caught.value.hint == hint


def test_versions_are_not_aliases() -> None:
    """The hint lists aliases and versions by their own names."""
    published = replace(RATINGS, qualifiers={"1": "1", "live": "1"})
    with pytest.raises(FunctionNotFoundError) as caught:
        qualify(published, "nope")
    assert caught.value.hint == "aliases: `live`; versions: `1`"


def test_a_function_without_aliases() -> None:
    """Without any alias, the hint says so."""
    with pytest.raises(FunctionNotFoundError) as caught:
        qualify(replace(RATINGS, qualifiers={}), "live")
    assert caught.value.hint == "the template has no alias of `Ratings`"


@pytest.mark.parametrize("qualifier", ["", "a b", "a:b", "x" * 129, "٣"])
def test_a_malformed_qualifier(qualifier: str) -> None:
    """A text that AWS does not accept as a qualifier is a usage error."""
    with pytest.raises(UsageError) as caught:
        qualify(RATINGS, qualifier)
    assert caught.value.message == f"`{qualifier}` is not a qualifier"


@pytest.mark.parametrize(
    ("region", "prefix"),
    [
        ("eu-central-1", "arn:aws:lambda:eu-central-1:"),
        ("cn-north-1", "arn:aws-cn:lambda:cn-north-1:"),
        ("us-gov-west-1", "arn:aws-us-gov:lambda:us-gov-west-1:"),
        ("us-iso-east-1", "arn:aws-iso:lambda:us-iso-east-1:"),
        ("us-isob-east-1", "arn:aws-iso-b:lambda:us-isob-east-1:"),
    ],
)
def test_the_partition_is_the_regions(region: str, prefix: str) -> None:
    """The ARN of a function has the partition of its Region."""
    assert function_arn(replace(RATINGS, region=region)).startswith(prefix)
    assert qualify(replace(RATINGS, region=region), None).arn.startswith(prefix)
