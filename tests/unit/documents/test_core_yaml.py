from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from samlocal.documents.core_yaml import to_json
from samlocal.documents.input_files import InputKind, Source
from samlocal.errors import EventError

SOURCE = Source(
    kind=InputKind(noun="event file", error=EventError, max_bytes=1000), path=Path("event.yaml")
)

# A surrogate has no place in a file; everything else PyYAML writes as ASCII.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(TEXT, children, max_size=3),
    max_leaves=10,
)


def convert(text: str) -> object:
    return json.loads(to_json(text, SOURCE, max_characters=10_000))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("Null", None),
        ("true", True),
        ("FALSE", False),
        ("NO", "NO"),
        ("on", "on"),
        ("12", 12),
        ("-0", 0),
        ("+12", 12),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2026-01-31", "2026-01-31"),
        ("1.50", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        (".nan", ".nan"),
        ("'12'", "12"),
        ("!!str 12", "12"),
        ("!!int '12'", 12),
        ("!!float 12", 12),
        ('"\\u00e9\\n"', "é\n"),
        ("=", "="),
    ],
)
def test_scalars(text: str, value: object) -> None:
    """Scalars have the types of YAML 1.2's core schema that JSON supports."""
    converted = convert(text)
    assert converted == value
    assert isinstance(converted, type(value))


def test_numbers_keep_their_digits() -> None:
    """A number that is valid in JSON keeps its digits."""
    text = "[1.10, 123456789012345678901234567890, 1E-7]"
    assert to_json(text, SOURCE, max_characters=100) == text


def test_keys_are_strings() -> None:
    """A scalar key is a string with the text of the file."""
    assert convert("{1: a, true: b, ~: c, x: d}") == {"1": "a", "true": "b", "~": "c", "x": "d"}


def test_aliases_and_merge_keys() -> None:
    """Aliases repeat a value; own entries override merged ones, and the first merged mapping applies."""
    text = "a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc: {<<: [*a, *b], y: 3}\nd: *a\n"
    assert convert(text) == {
        "a": {"x": 1, "y": 1},
        "b": {"x": 2, "z": 2},
        "c": {"x": 1, "y": 3, "z": 2},
        "d": {"x": 1, "y": 1},
    }


class Dumper(yaml.SafeDumper):
    """Quotes also the strings that are numbers in YAML 1.2, but not in PyYAML's YAML 1.1."""


Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+"),
    list("-+.0123456789"),
)


@example("0E0")
@example("1.5e3")
@example("08")
@example("0o7")
@given(JSON_VALUES)
def test_json_written_as_yaml_is_read_back(value: object) -> None:
    """Any JSON value is read back from the YAML that PyYAML writes for it."""
    assert convert(yaml.dump(value, Dumper=Dumper)) == value


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param("a: [1,\nb: }", "event.yaml:2:4: invalid YAML: ", id="syntax"),
        pytest.param("\ta: 1", "event.yaml:1:1: invalid YAML: ", id="tab"),
        pytest.param(
            "a: *b", "event.yaml:1:4: invalid YAML: `*b` does not refer to an earlier", id="alias"
        ),
        pytest.param(
            "a: 1\n---\nb: 2", "event.yaml:2:1: invalid YAML: a second document", id="two"
        ),
        pytest.param("a: 1\na: 2", "event.yaml:2:1: invalid YAML: `a` is given twice", id="twice"),
        pytest.param("é: \x07", "event.yaml:1:4: invalid YAML: the character U+0007", id="control"),
        pytest.param("a:\n  ? {b: 1}\n  : 2", "event.yaml:2:5: invalid YAML: a key", id="key"),
        pytest.param("a: !Ref b", "event.yaml:1:4: `!Ref b` cannot be written as JSON", id="tag"),
        pytest.param(
            "a: !x [1]", "event.yaml:1:4: `!x` cannot be written as JSON", id="tagged list"
        ),
        pytest.param("!!set {a, b}", "event.yaml:1:1: `!!set` cannot be written as JSON", id="set"),
        pytest.param("!!float nan", "event.yaml:1:1: `!!float nan` cannot", id="NaN"),
        pytest.param("!!int x", "event.yaml:1:1: `!!int x` cannot", id="no number"),
        pytest.param("!!bool yes", "event.yaml:1:1: `!!bool yes` cannot", id="no boolean"),
        pytest.param("a: &a [*a]", "event.yaml:1:8: invalid YAML: `*a` is inside", id="cycle"),
        pytest.param("a: &a {<<: *a}", "event.yaml:1:12: invalid YAML: `*a` is inside", id="merge"),
        pytest.param(
            "[" * 101 + "]" * 101, "event.yaml:1:101: invalid YAML: values nest", id="deep"
        ),
        pytest.param("- " * 101, "event.yaml:1:201: invalid YAML: values nest", id="deep block"),
        pytest.param(f"'{'x' * 10_000}'", "event.yaml:1:1: longer than 10,000", id="long"),
    ],
)
def test_values_without_counterpart_in_json(text: str, error: str) -> None:
    """Malformed text, or a value that JSON does not support, is an error with its place."""
    with pytest.raises(EventError) as caught:
        convert(text)
    assert str(caught.value).startswith(error)


def test_nesting_up_to_the_limit() -> None:
    """A hundred levels are allowed."""
    text = "[" * 100 + "]" * 100
    assert to_json(text, SOURCE, max_characters=1000) == text


def test_an_alias_bomb_is_defused() -> None:
    """Nine aliases on each of nine levels are an error without expanding them."""
    with pytest.raises(EventError, match="the aliases expand to more than 2,000,000 values"):
        convert(bomb(levels=9))


def test_a_small_alias_bomb_is_defused() -> None:
    """Aliases whose JSON gets too long are an error."""
    with pytest.raises(EventError, match="longer than 10,000 characters as JSON"):
        convert(bomb(levels=4))


def bomb(*, levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels + 1)]
    return "\n".join(lines)


@given(st.text(alphabet="ab:{}[]-?&*!<|>'\"%@#, \n1.", max_size=40))
def test_no_text_breaks_the_writer(text: str) -> None:
    """Any text becomes JSON or an error with a place."""
    try:
        convert(text)
    except EventError as caught:
        error = caught
    else:
        return
    assert error.place is not None
