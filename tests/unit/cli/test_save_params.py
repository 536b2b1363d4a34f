"""`--save-params`: what it writes, and what it leaves as it is."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.cli.samconfig_edits import edit_toml, edit_yaml
from samlocal.documents.core_yaml import to_json
from samlocal.documents.input_files import InputKind, named_input
from samlocal.errors import EventError

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.cli.samconfig import ConfigValue
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
  global: {parameters: {region: "eu-west-1"}} # for all
  local_invoke:
    parameters:
      env-vars: "env.json" # the variables
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
    """Run the command in a project with one function."""
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
def test_typed_options_are_saved_and_the_rest_stays(
    samlocal: Samlocal, name: str, before: str, after: str
) -> None:
    """Typed options are saved; the Region is saved for all commands; comments and other values stay."""
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
    """A new file has sam's version and keys, and only the typed options."""
    saved = show(samlocal, *OPTIONS, "--save-params", "-d", "5858", "-d", "5859")
    assert "`function_logical_id`" in saved.stderr
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
    """`--config-env` and `--config-file` choose where to save, and are not saved."""
    file = samlocal.directory / "mine.yaml"
    file.write_text("version: 0.1\n")
    where = ("--config-file", "mine.yaml", "--config-env", "ci")
    show(samlocal, "--save-params", "--data", "5", *where)
    expected = 'version: 0.1\nci:\n  local_invoke:\n    parameters:\n      data: "5"\n'
    assert file.read_text() == expected


def test_values_of_the_global_table_are_not_saved_again(samlocal: Samlocal) -> None:
    """A value in the global table is not saved again in the command's own, as in sam."""
    file = samlocal.directory / "samconfig.toml"
    text = '[default.global.parameters]\nprofile = "dev"\ndebug = true\n'
    file.write_text(text)
    samlocal("local", "invoke", "--save-params", "--profile", "dev", "--debug")
    assert file.read_text() == text


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        pytest.param(
            "samconfig.toml",
            "default = {local_invoke = {parameters = {raw = true, data = '5'}}} # ours\n",
            'default = {local_invoke = {parameters = {raw = true, event = "event.json"}}} # ours\n',
            id="inline tables",
        ),
        pytest.param(
            "samconfig.toml",
            "default = {}\n",
            'default = {local_invoke = {parameters = {event = "event.json"}}}\n',
            id="an inline table without the command",
        ),
        pytest.param(
            "samconfig.toml",
            "default.local_invoke.parameters.data = '5'\n"
            "default.local_invoke.parameters.raw  =  true\n",
            "default.local_invoke.parameters.raw  =  true\n"
            'default.local_invoke.parameters.event = "event.json"\n',
            id="dotted keys",
        ),
        pytest.param(
            "samconfig.toml",
            "[default.local_invoke.parameters]\n  raw  =  true\n\n# of deploy\n[default.deploy]\n",
            "[default.local_invoke.parameters]\n  raw  =  true\n"
            'event = "event.json"\n\n# of deploy\n[default.deploy]\n',
            id="a comment above the next table",
        ),
        pytest.param(
            "samconfig.toml",
            "[default.global.parameters]\nraw = true\n\n# of prod\n[prod.deploy]\n",
            "[default.global.parameters]\nraw = true\n\n# of prod\n[prod.deploy]\n\n"
            '[default.local_invoke.parameters]\nevent = "event.json"\n',
            id="a comment above the next environment",
        ),
        pytest.param(
            "samconfig.toml",
            "default.local_invoke.x = 1",
            "default.local_invoke.x = 1\n\n"
            '[default.local_invoke.parameters]\nevent = "event.json"\n',
            id="a dotted key beside the table",
        ),
        pytest.param(
            "samconfig.toml",
            "[default.local_invoke.parameters]\n\n# hosts\n"
            '[default.local_invoke.parameters.add_host]\na = "1.1.1.1"\n',
            '[default.local_invoke.parameters]\nevent = "event.json"\n\n# hosts\n'
            '[default.local_invoke.parameters.add_host]\na = "1.1.1.1"\n',
            id="a comment above a table in it",
        ),
        pytest.param(
            "samconfig.yaml",
            "---\ndefault:\n    local_invoke:\n        parameters:\n            data:  5\n"
            "            # hosts\n            add_host:  [ 'a:1.1.1.1' ]\n            profile: ~\n"
            "\n# of all\nprod:\n  global: { }\n",
            "---\ndefault:\n    local_invoke:\n        parameters:\n"
            "            # hosts\n            add_host:  [ 'a:1.1.1.1' ]\n            profile: ~\n"
            '            event: "event.json"\n\n# of all\nprod:\n  global: { }\n',
            id="yaml with spaces and comments between keys",
        ),
        pytest.param(
            "samconfig.yaml",
            "base: &base {raw: true}\ndefault:\n  local_invoke:\n    parameters:\n"
            "      <<: *base\n",
            "base: &base {raw: true}\ndefault:\n  local_invoke:\n    parameters:\n"
            '      <<: *base\n      event: "event.json"\n',
            id="yaml with a merge key",
        ),
        pytest.param(
            "samconfig.yaml",
            "prod:\n  x: 1\n  y:\n    z: 1\ndefault:\n    local_invoke:\n"
            "       parameters:\n          raw:  true # raw\n",
            "prod:\n  x: 1\n  y:\n    z: 1\ndefault:\n  local_invoke:\n"
            '    parameters:\n      raw: true      # raw\n      event: "event.json"\n',
            id="yaml with several indentations, which becomes one",
        ),
    ],
)
def test_unusual_layouts_stay(samlocal: Samlocal, name: str, before: str, after: str) -> None:
    """Only the lines of saved options change, and comments keep their positions."""
    file = samlocal.directory / name
    file.write_text(before)
    samlocal("local", "invoke", "--save-params", "-e", "event.json")
    assert file.read_text() == after


def test_a_change_that_would_affect_two_environments(samlocal: Samlocal) -> None:
    """A change that would affect another environment is an error, and nothing is written."""
    file = samlocal.directory / "samconfig.yaml"
    text = (
        "prod: {local_invoke: {parameters: &both {raw: true}}}\n"
        "default: {local_invoke: {parameters: *both}}\n"
    )
    file.write_text(text)
    ended = samlocal("local", "invoke", "--save-params", "-e", "event.json")
    assert (ended.exit_code, ended.stdout, file.read_text()) == (1, b"", text)
    assert "`--save-params` cannot change" in ended.stderr
    assert "write `default.local_invoke.parameters` as separate tables" in ended.stderr
    assert [path.name for path in samlocal.directory.glob("*samconfig*")] == ["samconfig.yaml"]


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("samconfig.toml", "a = 1\nb = \n", "2:5"),
        ("samconfig.yaml", "a: 1\nb: [\n", "2:5"),
        (
            "samconfig.yaml",
            "a: 1\nb: 2\na: 2\n",
            "3:1: `--save-params` cannot change the file: found duplicate key",
        ),
    ],
)
def test_a_malformed_configuration_file(
    samlocal: Samlocal, name: str, text: str, place: str
) -> None:
    """A malformed file is an error with line and column, and nothing is written."""
    file = samlocal.directory / name
    file.write_text(text)
    ended = samlocal("local", "invoke", "--save-params", "-e", "event.json")
    assert (ended.exit_code, file.read_text()) == (1, text)
    assert f"{name}:{place}" in ended.stderr


def test_bytes_that_are_not_text(samlocal: Samlocal) -> None:
    """A value that is not text is an error, and leaves no file behind."""
    ended = samlocal("local", "invoke", "--save-params", "--profile", "\udcff")
    assert (ended.exit_code, ended.stdout) == (1, b"")
    assert "`--save-params` cannot change" in ended.stderr
    assert not list(samlocal.directory.glob("*samconfig*"))


def test_a_link_and_permissions_stay(samlocal: Samlocal) -> None:
    """The target of a link is replaced, and keeps its permissions."""
    target = samlocal.directory / "shared.toml"
    target.write_text("version = 0.1\n")
    target.chmod(0o640)
    (samlocal.directory / "samconfig.toml").symlink_to(target)
    show(samlocal, "--save-params", "-e", "event.json")
    assert (samlocal.directory / "samconfig.toml").is_symlink()
    assert 'event = "event.json"' in target.read_text()
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_file_that_cannot_be_written(samlocal: Samlocal) -> None:
    """A file that cannot be written is an error with its name and the reason."""
    ended = samlocal("local", "invoke", "--save-params", "--raw", "-t", "/proc/template.yaml")
    assert (ended.exit_code, ended.stdout) == (1, b"")
    assert ended.stderr.startswith("Error: `/proc/samconfig.toml` cannot be written: ")


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
    """Any values in TOML keep the old and new values and all comments."""
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
    """Any values in YAML keep the other values and all comments, also when a key is removed."""
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
        ("x:\n  y:\n    a: 1\n\n# z\nz: 3", "x:\n  y: {}\n\n# z\nz: 3"),
    ],
)
def test_a_key_is_removed_from_yaml(before: str, after: str) -> None:
    """Removing a key from YAML removes only its lines."""
    assert edit_yaml(before, ("x", "y"), {"a": None}) == after
