"""Each type and constraint of parameters, as CloudFormation documents them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.cloudformation.intrinsics.dynamic_references import ExternalValues, GivenValues
from samlocal.cloudformation.stack.parameters import parameter_value, read_parameters
from samlocal.documents.document import compose
from samlocal.documents.node import Unknown
from samlocal.errors import ParameterError, TemplateError

GIVEN = GivenValues({"ssm": {"/a": "one", "/list": "x,y", "/more": ["x", "y"]}})


def value(declaration: str, given: str | Unknown | None = None) -> str | list[str] | Unknown:
    section = compose(f"P: {declaration}", Path("template.yaml")).root
    parameter = read_parameters(section)["P"]
    return parameter_value(parameter, given, ExternalValues(given=GIVEN))


@pytest.mark.parametrize(
    ("declaration", "given", "expected"),
    [
        ("{Type: String, Default: a}", None, "a"),
        ("{Type: String, Default: a}", "b", "b"),
        ("{Type: String, Default: a}", "", ""),
        ("{Type: String, Default: 1}", None, "1"),
        ("{Type: String, Default: true}", None, "true"),
        ("{Default: a}", None, "a"),
        ("{Type: Number, Default: 3.5}", None, "3.5"),
        ("{Type: Number}", "-7", "-7"),
        ("{Type: List<Number>}", "80, 20", ["80", "20"]),
        ("{Type: CommaDelimitedList}", "test, dev ,prod", ["test", "dev", "prod"]),
        ("{Type: CommaDelimitedList}", "", []),
        ("{Type: CommaDelimitedList, Default: [a, b]}", None, ["a", "b"]),
        ("{Type: CommaDelimitedList}", "a,,b", ["a", "", "b"]),
        ("{Type: 'AWS::EC2::VPC::Id'}", "vpc-1", "vpc-1"),
        ("{Type: 'List<AWS::EC2::Subnet::Id>'}", "s-1,s-2", ["s-1", "s-2"]),
        ("{Type: 'AWS::SSM::Parameter::Name'}", "/a", "/a"),
        ("{Type: 'AWS::SSM::Parameter::Value<String>'}", "/a", "one"),
        ("{Type: 'AWS::SSM::Parameter::Value<CommaDelimitedList>'}", "/list", ["x", "y"]),
        ("{Type: 'AWS::SSM::Parameter::Value<List<String>>'}", "/more", ["x", "y"]),
        ("{Type: 'AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>'}", "/list", ["x", "y"]),
        ("{Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>'}", "/a", "one"),
        ("{Type: String, AllowedValues: [a, b]}", "b", "b"),
        ("{Type: Number, AllowedValues: [1, 2]}", "2", "2"),
        ("{Type: CommaDelimitedList, AllowedValues: [a, b]}", "b,a", ["b", "a"]),
        ("{Type: String, AllowedPattern: '[a-z]+'}", "abc", "abc"),
        ("{Type: String, AllowedPattern: '\\p{Alpha}+'}", "123", "123"),
        ("{Type: CommaDelimitedList, AllowedPattern: '[a-z]+'}", "a,b", ["a", "b"]),
        ("{Type: String, MinLength: 1, MaxLength: 3}", "abc", "abc"),
        ("{Type: Number, MinValue: -1, MaxValue: 1.5}", "1.5", "1.5"),
    ],
)
def test_a_value_has_its_parameters_type(
    declaration: str, given: str | None, expected: object
) -> None:
    """A parameter's value is text, or a list of text."""
    assert value(declaration, given) == expected


@pytest.mark.parametrize(
    ("declaration", "given", "message", "hint"),
    [
        (
            "{Type: String}",
            None,
            "parameter `P` has no value",
            "give it one: --parameter-overrides P=…",
        ),
        ("{Type: Number}", "x", "parameter `P` cannot be `x`", "it must be a number"),
        ("{Type: List<Number>}", "1,x", "parameter `P` cannot be `x`", "it must be a number"),
        (
            "{Type: Number, MinValue: 2}",
            "1",
            "parameter `P` cannot be `1`",
            "it must be at least 2",
        ),
        ("{Type: Number, MaxValue: 2}", "3", "parameter `P` cannot be `3`", "it must be at most 2"),
        (
            "{Type: String, AllowedValues: [a, 1]}",
            "c",
            "parameter `P` cannot be `c`",
            "allowed values: `a`, `1`",
        ),
        (
            "{Type: String, Default: x, AllowedValues: [a]}",
            None,
            "parameter `P` cannot be `x`",
            "allowed values: `a`",
        ),
        (
            "{Type: String, AllowedPattern: '[a-z]'}",
            "ab",
            "parameter `P` cannot be `ab`",
            "it must match `[a-z]`",
        ),
        (
            "{Type: String, MinLength: 3}",
            "ab",
            "parameter `P` cannot be `ab`",
            "it must have at least 3 characters",
        ),
        (
            "{Type: String, MaxLength: '1'}",
            "ab",
            "parameter `P` cannot be `ab`",
            "it must have at most 1 characters",
        ),
        (
            "{Type: String, MaxLength: 1, ConstraintDescription: one letter}",
            "ab",
            "parameter `P` cannot be `ab`",
            "one letter",
        ),
        ("{Type: Number, MinValue: x}", "1", "`MinValue` must be a number, not `x`", None),
    ],
)
def test_a_value_that_is_not_allowed_is_an_error_with_a_place(
    declaration: str, given: str | None, message: str, hint: str | None
) -> None:
    """The error names the parameter, the value and the constraint."""
    with pytest.raises(ParameterError) as caught:
        value(declaration, given)
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert caught.value.place is not None
    assert caught.value.place.line == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a]", "`Parameters` must be a mapping, not a list"),
        ("P: a", "parameter `P` must be a mapping, not `a`"),
        ("P: {Type: [a]}", "the type of `P` must be a string, not a list"),
    ],
)
def test_a_malformed_declaration_is_an_error(text: str, message: str) -> None:
    """A `Parameters` section that is not a mapping of mappings is an error."""
    with pytest.raises(TemplateError, match=message):
        read_parameters(compose(text, Path("template.yaml")).root)


def test_an_ssm_parameter_without_a_source_is_unknown() -> None:
    """An SSM parameter without a source is unknown, with a reason."""
    found = value("{Type: 'AWS::SSM::Parameter::Value<String>', Default: /none}")
    assert isinstance(found, Unknown)
    assert found.reason == "the SSM parameter `/none` is available only in AWS"


def test_an_unknown_value_from_a_parent_stays_unknown() -> None:
    """A nested stack's parameter may be unknown; its declaration is not checked against it."""
    unknown = Unknown(reason="later")
    assert value("{Type: Number, AllowedValues: [1]}", unknown) is unknown


@given(st.lists(st.text("abc 1", min_size=1).map(str.strip).filter(bool), min_size=1))
def test_a_joined_list_is_read_as_the_same_items(items: list[str]) -> None:
    """A list joined with commas is read as the same items, without the spaces around them."""
    assert value("{Type: CommaDelimitedList}", ", ".join(items)) == items
