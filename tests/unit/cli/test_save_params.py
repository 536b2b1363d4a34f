"""`--save-params`: what it writes, and what it leaves as it is."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.cli.edit_toml import edit_toml
from samlocal.cli.edit_yaml import edit_yaml
from samlocal.core_yaml import to_json
from samlocal.errors import EventError
from samlocal.input_files import InputKind, named_input

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.cli.config_file import ConfigValue
    from tests.docker.command import Finished, Samlocal
    from tests.unit.cli.conftest import InProject

TEMPLATE = """\
Parameters: {Stage: {Type: String, Default: dev}}
Resources:
  Ratings:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.11, Handler: app.handler, CodeUri: .}
"""
TOML = """\
# ours
version = 0.1

[default.global.parameters]
region = "us-east-1"  # for all

[default.local_invoke.parameters]
env-vars = "old.json"  # the variables
data = "5"
add_host = [
  "a:1.1.1.1",  # one
]
# the end

[default.local_invoke.parameters.parameter_overrides]
Stage = "test"

[prod.deploy.parameters]
stack_name = "x"
"""
TOML_SAVED = """\
# ours
version = 0.1

[default.global.parameters]
region = "eu-west-1"  # for all

[default.local_invoke.parameters]
env-vars = "env.json"  # the variables
add_host = [
  "a:1.1.1.1",  # one
]
event = "event.json"
no_credentials = true
parameter_overrides = "Stage=prod"
function_logical_id = "Ratings"
# the end


[prod.deploy.parameters]
stack_name = "x"
"""
YAML = """\
# ours
version: 0.1
default:
  global: {parameters: {region: us-east-1}}  # for all
  local_invoke:
    parameters:
      env-vars: old.json  # the variables
      data: "5"
      parameter_overrides: >-
        Stage=test
      add_host:
        - a:1.1.1.1  # one
      # the end
prod: {deploy: {parameters: {stack_name: x}}}
"""
YAML_SAVED = """\
# ours
version: 0.1
default:
  global: {parameters: {region: "eu-west-1"}}  # for all
  local_invoke:
    parameters:
      env-vars: "env.json"  # the variables
      parameter_overrides: "Stage=prod"
      add_host:
        - a:1.1.1.1  # one
      event: "event.json"
      no_credentials: true
      function_logical_id: "Ratings"
      # the end
prod: {deploy: {parameters: {stack_name: x}}}
"""
OPTIONS = (
    *("Ratings", "-e", "event.json", "-n", "env.json", "--no-credentials"),
    *("--parameter-overrides", "Stage=prod", "--region", "eu-west-1"),
)


@pytest.fixture
def samlocal(project: InProject, tmp_path: Path) -> Samlocal:
    """The command in a project with one function."""
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "event.json").write_text("{}")
    (tmp_path / "env.json").write_text('{"Ratings": {"A1": "1"}}')
    return replace(project("sam-config"), directory=tmp_path)


def show(samlocal: Samlocal, *options: str) -> Finished:
    ended = samlocal("local", "invoke", "--print-env", *options)
    assert ended.exit_code == 0, ended.stderr
    return ended


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        pytest.param("samconfig.toml", TOML, TOML_SAVED, id="toml"),
        pytest.param("samconfig.yaml", YAML, YAML_SAVED, id="yaml"),
    ],
)
def test_what_is_typed_is_saved_and_the_rest_stays(
    samlocal: Samlocal, name: str, before: str, after: str
) -> None:
    """Values at their place, new ones behind them, the Region for all commands; comments stay."""
    file = samlocal.directory / name
    file.write_text(before)
    first = show(samlocal, *OPTIONS, "--save-params")
    assert first.stderr.startswith("Saved `event`, `env_vars`, `no_credentials`, ")
    assert first.stderr.endswith(f"to {name}\n")
    assert file.read_text() == after
    second = show(samlocal)
    assert second.stdout == first.stdout
    assert b"AWS_REGION                       eu-west-1" in second.stdout


def test_a_new_file_is_one_that_sam_reads(samlocal: Samlocal) -> None:
    """It has sam's version and sam's names; nothing that wasn't typed is in it."""
    show(samlocal, *OPTIONS, "--save-params", "-d", "5858", "-d", "5859")
    assert tomllib.loads((samlocal.directory / "samconfig.toml").read_text()) == {
        "version": 0.1,
        "default": {
            "global": {"parameters": {"region": "eu-west-1"}},
            "local_invoke": {
                "parameters": {
                    "debug_port": [5858, 5859],
                    "env_vars": "env.json",
                    "event": "event.json",
                    "function_logical_id": "Ratings",
                    "no_credentials": True,
                    "parameter_overrides": "Stage=prod",
                }
            },
        },
    }


def test_another_environment_in_a_named_file(samlocal: Samlocal) -> None:
    """`--config-env` and `--config-file` say where to save, and are not saved."""
    file = samlocal.directory / "mine.yaml"
    file.write_text("version: 0.1\n")
    where = ("--config-file", "mine.yaml", "--config-env", "ci")
    show(samlocal, "--save-params", "--data", "5", *where)
    expected = 'version: 0.1\nci:\n  local_invoke:\n    parameters:\n      data: "5"\n'
    assert file.read_text() == expected


def test_what_all_commands_have_is_not_saved_again(samlocal: Samlocal) -> None:
    """A value that the global table has already stays there alone, as in sam."""
    file = samlocal.directory / "samconfig.toml"
    text = '[default.global.parameters]\nprofile = "dev"\ndebug = true\n'
    file.write_text(text)
    samlocal("local", "invoke", "--save-params", "--profile", "dev", "--debug")
    assert file.read_text() == text


@pytest.mark.parametrize(
    "text",
    [
        "default = {local_invoke = {parameters = {data = '5', raw = true}}}\n",
        "default.local_invoke.parameters.data = '5'\ndefault.local_invoke.parameters.raw = true\n",
    ],
)
def test_a_layout_that_cannot_be_kept_is_left_alone(samlocal: Samlocal, text: str) -> None:
    """Rather than lay a file out anew samlocal says so, and nothing is written."""
    file = samlocal.directory / "samconfig.toml"
    file.write_text(text)
    ended = samlocal("local", "invoke", "--save-params", "-e", "event.json")
    assert (ended.exit_code, ended.stdout, file.read_text()) == (1, b"", text)
    assert "`--save-params` can't change" in ended.stderr
    assert "give `default.local_invoke.parameters` a place of their own" in ended.stderr


def test_a_file_that_cannot_be_written(samlocal: Samlocal) -> None:
    """One message says which file, and why."""
    ended = samlocal("local", "invoke", "--save-params", "--raw", "-t", "/proc/template.yaml")
    assert (ended.exit_code, ended.stdout) == (1, b"")
    assert ended.stderr.startswith("Error: `/proc/samconfig.toml` can't be written: ")


KEYS = st.sampled_from(["a", "b-c", "d_e", "sub"])
VALUES = st.text() | st.booleans() | st.integers() | st.lists(st.text(), max_size=3)
TABLES = st.dictionaries(KEYS, VALUES, max_size=4)
TEXT = st.characters(exclude_categories=["Cs", "Cc"])
YAML_VALUES = st.text(TEXT) | st.booleans() | st.integers() | st.lists(st.text(TEXT), max_size=3)
YAML_TABLES = st.dictionaries(KEYS, YAML_VALUES, max_size=4)


@given(old=TABLES, new=TABLES, comment=st.text(TEXT))
def test_any_values_in_toml(
    old: dict[str, ConfigValue], new: dict[str, ConfigValue], comment: str
) -> None:
    """What was there and what is new are both there, and each comment stays."""
    lines = [
        f"{json.dumps(key)} = {json.dumps(value, ensure_ascii=False)} # {comment}"
        for key, value in old.items()
    ]
    text = "\n".join(["[x.y]", *lines, "[z]", "a = 1"]).replace("\x7f", "\\u007f")
    edited = edit_toml(text, ("x", "y"), new)
    assert tomllib.loads(edited) == {"x": {"y": old | new}, "z": {"a": 1}}
    assert edited.count(f"# {comment}".replace("\x7f", "\\u007f")) >= len(lines)


@given(old=YAML_TABLES, new=YAML_TABLES)
def test_any_values_in_yaml(old: dict[str, ConfigValue], new: dict[str, ConfigValue]) -> None:
    """The same, and a key that goes out takes nothing with it."""
    lines = [
        f"    {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in old.items()
    ] or ["    b-c: 1"]
    text = "\n".join(["x:", "  y:", *lines, "z: {a: 1}"])
    edited = edit_yaml(text, ("x", "y"), new)
    kind = InputKind(noun="file", error=EventError, max_bytes=1)
    read = json.loads(to_json(edited, named_input("x.yaml", kind), max_characters=10**6))
    assert read == {"x": {"y": (old or {"b-c": 1}) | new}, "z": {"a": 1}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x:\n  y:\n    a: 1 # one\n    b:\n      - 2\nz: 3", "x:\n  y:\n    b:\n      - 2\nz: 3"),
        ("x:\n  y:\n    b: |\n      2\n    a: 1\nz: 3", "x:\n  y:\n    b: |\n      2\nz: 3"),
        ("z: 3", "z: 3"),
    ],
)
def test_a_key_goes_out_of_yaml(before: str, after: str) -> None:
    """Its lines go, and no others."""
    assert edit_yaml(before, ("x", "y"), {"a": None}) == after
