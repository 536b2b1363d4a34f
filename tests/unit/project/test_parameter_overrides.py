from __future__ import annotations

import json
import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.errors import ProjectError, TemplateError, UsageError
from samlocal.project.parameter_overrides import parse_parameter_overrides

if TYPE_CHECKING:
    from pathlib import Path

# Two names are the long form's own words: a parameter that is called so takes the long form.
names = st.text(string.ascii_letters + string.digits, min_size=1).filter(
    lambda name: name not in {"ParameterKey", "ParameterValue"}
)


@pytest.mark.parametrize(
    ("tokens", "overrides"),
    [
        (["Stage=dev"], {"Stage": "dev"}),
        (["Stage=dev", "Size=2"], {"Stage": "dev", "Size": "2"}),
        (["Stage=dev Size=2"], {"Stage": "dev", "Size": "2"}),
        (["Stage=dev", "Stage=prod"], {"Stage": "prod"}),
        (["Stage="], {"Stage": ""}),
        (["Greeting=hello there"], {"Greeting": "hello there"}),
        (['Greeting="hello there" Size=2'], {"Greeting": "hello there", "Size": "2"}),
        (["Greeting='a Size=2'"], {"Greeting": "a Size=2"}),
        ([r'Quote="say \"hi\""'], {"Quote": 'say "hi"'}),
        ([r"Greeting=hello\ there"], {"Greeting": "hello there"}),
        (["Subnets=a,b,c"], {"Subnets": "a,b,c"}),
        (["Query=a=b&c=d"], {"Query": "a=b&c=d"}),
        (["Name=it's fine"], {"Name": "it's fine"}),
        (['Config={"a": "b C=d"} Size=2'], {"Config": '{"a": "b C=d"}', "Size": "2"}),
        (["ParameterKey=Stage,ParameterValue=dev"], {"Stage": "dev"}),
        (["ParameterKey=Stage, ParameterValue=dev"], {"Stage": "dev"}),
        (["ParameterKey=Stage,", "ParameterValue=dev"], {"Stage": "dev"}),
        (['ParameterKey="A",ParameterValue="x y"'], {"A": "x y"}),
        (["ParameterKey=A,ParameterValue="], {"A": ""}),
        ([r"ParameterKey=A,ParameterValue=x\,y"], {"A": "x,y"}),
        (
            ["ParameterKey=A,ParameterValue=x,y ParameterKey=B,ParameterValue=2"],
            {"A": "x,y", "B": "2"},
        ),
        (["ParameterKey=A,ParameterValue=1 B=2"], {"A": "1", "B": "2"}),
        (
            ['{"Stage": "dev", "Size": 2, "Zones": ["a", "b"]}'],
            {"Stage": "dev", "Size": "2", "Zones": "a,b"},
        ),
        (['{"Stage": "a\\\\ B=2"}', "Size=2"], {"Stage": "a\\ B=2", "Size": "2"}),
        ([], {}),
        (["  "], {}),
    ],
)
def test_both_forms(tokens: list[str], overrides: dict[str, str]) -> None:
    """Overrides are read in the forms of sam and the AWS CLI, also where sam fails."""
    assert parse_parameter_overrides(tokens) == overrides


@given(names, st.text(st.characters(codec="utf-8", exclude_characters="\\\"' =")).map(str.strip))
def test_a_value_without_equal_signs_is_kept(name: str, value: str) -> None:
    """A value in one argument is kept unchanged, with its spaces."""
    assert parse_parameter_overrides([f"{name}={value}"]) == {name: value}


@given(st.dictionaries(names, st.text()))
def test_quoted_values_are_kept(overrides: dict[str, str]) -> None:
    """A value in double quotes is kept unchanged, also in one argument with other pairs."""
    quoted = (f"{k}={json.dumps(v)}" for k, v in overrides.items() if "\\" not in json.dumps(v))
    expected = {k: v for k, v in overrides.items() if "\\" not in json.dumps(v)}
    assert parse_parameter_overrides([" ".join(quoted)]) == expected


@pytest.mark.parametrize(
    "token", ["Stage", "A-b=1", "=1", "ParameterKey=A", "--x", "ParameterValue=1"]
)
def test_another_form_is_a_usage_error(token: str) -> None:
    """The error for an argument in neither form quotes it, and the hint has both forms."""
    with pytest.raises(UsageError, match="is not a parameter override") as caught:
        parse_parameter_overrides([token])
    assert token in caught.value.message
    assert caught.value.hint == "write `Key=Value`, or `ParameterKey=Key,ParameterValue=Value`"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Stage: dev\nSize: 2\nSubnets: [a, b]\n", id="yaml"),
        pytest.param('{"Stage": "dev", "Size": 2, "Subnets": ["a", "b"]}', id="json"),
        pytest.param(
            '{"Parameters": {"Stage": "dev", "Size": "2", "Subnets": "a,b"}}', id="nested"
        ),
        pytest.param(
            '[{"ParameterKey": "Stage", "ParameterValue": "dev"},'
            ' {"ParameterKey": "Size", "ParameterValue": "2"}, "Subnets=a,b"]',
            id="aws cli",
        ),
    ],
)
def test_a_file_of_overrides(tmp_path: Path, text: str) -> None:
    """`file://` reads a mapping, the AWS CLI's list, or pairs."""
    (tmp_path / "p").write_text(text)
    overrides = parse_parameter_overrides([f"file://{tmp_path}/p"])
    assert overrides == {"Stage": "dev", "Size": "2", "Subnets": "a,b"}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.yaml", None, "no parameter file at"),
        ("none.toml", None, "no parameter file at"),
        ("bad.toml", "Stage = [", "bad.toml` is not valid TOML: Invalid value"),
        ("bad.json", '{"Stage": [}', "bad.json:1:12: not valid JSON"),
    ],
)
def test_a_file_that_cannot_be_read(
    tmp_path: Path, name: str, text: str | None, message: str
) -> None:
    """The error names the file, and the place if it is known."""
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(ProjectError) as caught:
        parse_parameter_overrides([f"file://{tmp_path}/{name}"])
    assert message in str(caught.value)


def test_a_file_of_toml(tmp_path: Path) -> None:
    """A file with the suffix `.toml` is read as TOML, as in sam."""
    (tmp_path / "p.toml").write_text('Stage = "dev"\nSize = 2\nSubnets = ["a", "b"]\nOn = true\n')
    overrides = parse_parameter_overrides([f"file://{tmp_path}/p.toml"])
    assert overrides == {"Stage": "dev", "Size": "2", "Subnets": "a,b", "On": "true"}


def test_an_override_after_a_file_wins(tmp_path: Path) -> None:
    """The later of two overrides applies, also if one is from a file."""
    (tmp_path / "p.yaml").write_text("Stage: dev\nSize: 1\n")
    tokens = [f"file://{tmp_path}/p.yaml", "Stage=prod"]
    assert parse_parameter_overrides(tokens) == {"Stage": "prod", "Size": "1"}


def test_a_wrong_file_has_a_place(tmp_path: Path) -> None:
    """A value that is not a string is an error with its place."""
    (tmp_path / "p.yaml").write_text("Stage:\n  a: 1\n")
    with pytest.raises(TemplateError, match=r"p.yaml:2:3: `Stage` must be a string, not a mapping"):
        parse_parameter_overrides([f"file://{tmp_path}/p.yaml"])


def test_a_yaml_file_of_parameters_is_read_as_sam_reads_it(tmp_path: Path) -> None:
    """A YAML file of parameters is read as YAML 1.2: `yes` is text, and `012` is 12."""
    (tmp_path / "p.yaml").write_text("A: yes\nB: 012\nC: 12:30:00\nD: ~\nE: [on, 0o12]\n")
    assert parse_parameter_overrides([f"file://{tmp_path}/p.yaml"]) == {
        "A": "yes",
        "B": "12",
        "C": "12:30:00",
        "D": "",
        "E": "on,10",
    }
