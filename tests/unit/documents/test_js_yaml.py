from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from samlocal.documents.js_yaml import load, parse_json, parse_yaml
from samlocal.documents.node import scalar_text
from samlocal.errors import TemplateError

PATH = Path("serverless.yml")


def shown(text: str) -> str | None:
    """Return what an environment variable with an unquoted word has, or None for no variable."""
    root = parse_yaml(f"value: {text}", PATH)
    assert root is not None
    node = root.get("value")
    assert node is not None
    return None if node.value is None else scalar_text(node.text("the value"))


@pytest.mark.parametrize("text", ["yes", "no", "on", "off", "y", "tRue", "1_000", "12:30:45"])
def test_words_of_yaml_1_1_are_texts(text: str) -> None:
    """A word that only YAML 1.1 gives a meaning stays as it is written."""
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TRUE", "true"),
        ("False", "false"),
        ("0123", "123"),
        ("089", "89"),
        ("012345678901", "12345678901"),
        ("0o17", "15"),
        ("0x1F", "31"),
        ("-0x1F", "-31"),
        ("0b101", "5"),
        ("0b2", "0b2"),
        ("22:22", "22:22"),
        ("1.2.3", "1.2.3"),
        ("1.0", "1"),
        ("1.10", "1.1"),
        ("1.", "1"),
        ("1e3", "1000"),
        ("1.5e+3", "1500"),
        (".5", "0.5"),
        ("+.5", "+.5"),
        ("+7", "7"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("12345678901234567890", "12345678901234567000"),
        ("0x1FFFFFFFFFFFFFFFFFFFF", "2.4178516392292583e+24"),
        ("1e20", "100000000000000000000"),
        ("1e21", "1e+21"),
        ("1e999", "1e999"),
        ("0.0000001", "1e-7"),
        ("0.00001", "0.00001"),
        ("0.00012", "0.00012"),
        ("~", None),
        ("null", None),
        ("", None),
        (".inf", None),
        ("-.INF", None),
        (".nan", None),
        ("'1.0'", "1.0"),
        ('"~"', "~"),
        ("!!str 1.0", "1.0"),
        ("!!float 1", "1"),
    ],
)
def test_words_mean_what_they_mean_to_javascript(text: str, expected: str | None) -> None:
    """A number has the text that JavaScript writes; null and what JSON cannot hold is no value."""
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-01", "2024-05-01T00:00:00.000Z"),
        ("!!timestamp 2024-05-01", "2024-05-01T00:00:00.000Z"),
        ("2024-05-01T10:00:00Z", "2024-05-01T10:00:00.000Z"),
        ("2024-05-01 10:00:00", "2024-05-01T10:00:00.000Z"),
        ("2024-05-01t10:00:00.5", "2024-05-01T10:00:00.500Z"),
        ("2024-05-01T10:00:00.123456-3", "2024-05-01T13:00:00.123Z"),
        ("2024-05-01T10:00:00 +05:30", "2024-05-01T04:30:00.000Z"),
        ("2024-13-45", "2025-02-14T00:00:00.000Z"),
        ("0001-01-01", "1901-01-01T00:00:00.000Z"),
        ("2024-5-1", "2024-5-1"),
        ("9999-99-99", "9999-99-99"),
        ("'2024-05-01'", "2024-05-01"),
    ],
)
def test_timestamps_are_iso_texts(text: str, expected: str) -> None:
    """A timestamp is the text that JSON.stringify makes of a date."""
    assert shown(text) == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(1.5e300)
@example(5e-324)
def test_numbers_keep_their_value(number: float) -> None:
    """The text of a number is the same number again."""
    text = shown(repr(number) if "e" not in repr(number) else f"{number:.17e}")
    assert text is not None
    assert float(text) == number


def test_short_tags_are_functions() -> None:
    """A short tag of CloudFormation is its function; `!GetAtt` splits its text at the first dot."""
    root = parse_yaml(
        "a: !Ref X\nb: !GetAtt Table.Stream.Arn\nc: !Join [',', [!Sub x]]\nd: !GetAtt [A, B]", PATH
    )
    assert root is not None
    assert root.plain() == {
        "a": {"Ref": "X"},
        "b": {"Fn::GetAtt": ["Table", "Stream.Arn"]},
        "c": {"Fn::Join": [",", [{"Fn::Sub": "x"}]]},
        "d": {"Fn::GetAtt": ["A", "B"]},
    }


def test_keys_are_texts() -> None:
    """A key that means a number, a boolean or null is the text of that in JavaScript."""
    root = parse_yaml("{0123: a, 1.0: b, True: c, '007': d, ~: e, yes: f, 1.2.3: g}", PATH)
    assert root is not None
    assert list(root.entries("the root")) == [
        *("123", "1", "true", "007", "null", "yes", "1.2.3"),
    ]


def test_merge_keys_and_aliases() -> None:
    """An own entry overrides a merged one, wherever the merge stands."""
    root = parse_yaml("a: &a {x: 1, y: 2}\nb:\n  y: 3\n  <<: *a\nc: *a", PATH)
    assert root is not None
    assert root.plain() == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}, "c": {"x": 1, "y": 2}}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        pytest.param(
            "a: 1\nb: 2\na: 3",
            "serverless.yml:3:1: not valid YAML: `a` is given twice",
            "the first one is in line 1",
            id="duplicate key",
        ),
        pytest.param(
            "a: !Reff X",
            "serverless.yml:1:4: the tag `!Reff` is not supported",
            "did you mean `!Ref`?",
            id="unknown tag",
        ),
        pytest.param(
            "a: !Unlikely [1]",
            "serverless.yml:1:4: the tag `!Unlikely` is not supported",
            None,
            id="unknown tag of a list",
        ),
        pytest.param(
            "a:\n\tb: 1",
            "serverless.yml:2:1: not valid YAML: found character that cannot start any token",
            "this line is indented with a tab; YAML allows only spaces",
            id="tab",
        ),
        pytest.param(
            "a: 1\n---\nb: 1",
            "serverless.yml:2:1: a second document starts here",
            None,
            id="two documents",
        ),
    ],
)
def test_errors_have_places(text: str, message: str, hint: str | None) -> None:
    """What js-yaml refuses is an error with its place."""
    with pytest.raises(TemplateError) as caught:
        parse_yaml(text, PATH)
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_json_has_the_numbers_of_javascript() -> None:
    """Numbers of JSON are those of JSON.parse; the last value of a repeated key applies."""
    root = parse_json('{"a": 1.0, "b": 12345678901234567890, "c": 1e-7, "b": [true, null]}', PATH)
    assert json.dumps(root.plain()) == '{"a": 1, "b": [true, null], "c": 1e-07}'
    node = root.get("c")
    assert node is not None
    assert node.optional_text() == "1e-7"


def test_the_name_of_a_file_says_how_it_is_read(tmp_path: Path) -> None:
    """Only JSON is read from a file whose name says so."""
    state = tmp_path / "x.tfstate"
    state.write_text("{a: 1}")
    with pytest.raises(TemplateError, match=r"x\.tfstate:1:2: invalid JSON"):
        load(state)
    other = tmp_path / "x.yml"
    other.write_text("{a: 1}")
    root = load(other)
    assert root is not None
    assert root.plain() == {"a": 1}
