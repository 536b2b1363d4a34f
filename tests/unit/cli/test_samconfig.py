from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.cli.samconfig import (
    ConfigValue,
    environment_variables,
    find_config,
    parameter_overrides,
    read_config,
    texts,
)
from samlocal.errors import ConfigError

if TYPE_CHECKING:
    from tests.docker.command import Finished
    from tests.unit.cli.conftest import InProject

INVOKE = ("local", "invoke")
OPTIONS = ("region", "env_vars", "parameter_overrides", "docker_network", "skip_pull_image")
KNOWN = {name: name for name in OPTIONS} | {"template_file": "template"}
TOML = """\
version = 0.1

[default.global.parameters]
region = "eu-west-1"
docker_network = "shared"
stack_name = "of another command"

[default.local_invoke.parameters]
env-vars = "env.json"
docker_network = "own"
skip_pull_image = true
parameter_overrides = ["Stage=dev", "Size=2"]

[prod.local_invoke.parameters]
region = "us-east-1"
"""
YAML = """\
version: 0.1
default:
  global: {parameters: {region: eu-west-1, docker_network: shared, stack_name: other}}
  local_invoke:
    parameters:
      env-vars: env.json
      docker_network: own
      skip_pull_image: true
      parameter_overrides: [Stage=dev, Size=2]
prod:
  local_invoke: {parameters: {region: us-east-1}}
"""


def written(directory: Path, name: str, text: str) -> Path:
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("name", "text"), [("samconfig.toml", TOML), ("samconfig.yaml", YAML)])
def test_a_commands_own_table_overrides_the_global_one(
    tmp_path: Path, name: str, text: str
) -> None:
    """A command's own table overrides the global one, in TOML and YAML, with dashes or underscores."""
    config = read_config(written(tmp_path, name, text), "default", INVOKE, known=KNOWN)
    assert config.values == {
        "region": "eu-west-1",
        "docker_network": "own",
        "env_vars": "env.json",
        "skip_pull_image": True,
        "parameter_overrides": ["Stage=dev", "Size=2"],
    }
    assert config.diagnostics == ()


def test_another_environment_has_its_own_tables(tmp_path: Path) -> None:
    """Another environment inherits nothing from the default one, as in sam."""
    config = read_config(written(tmp_path, "samconfig.toml", TOML), "prod", INVOKE, known=KNOWN)
    assert config.values == {"region": "us-east-1"}


def test_an_unknown_environment_is_reported(tmp_path: Path) -> None:
    """An unknown `--config-env` is a diagnostic; a missing default environment is not."""
    path = written(tmp_path, "samconfig.toml", TOML)
    config = read_config(path, "prdo", INVOKE, known=KNOWN)
    assert [(diagnostic.message, diagnostic.hint) for diagnostic in config.diagnostics] == [
        ("`samconfig.toml` has no environment `prdo`", "did you mean `prod`?")
    ]
    empty = read_config(
        written(tmp_path, "e.toml", "version = 0.1"), "default", INVOKE, known=KNOWN
    )
    assert (empty.values, empty.diagnostics) == ({}, ())


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("samconfig.toml", TOML.replace("env-vars =", "env_var ="), "9:1"),
        ("samconfig.yaml", YAML.replace("env-vars:", "env_var:"), "6:7"),
        (
            "samconfig.toml",
            'default.local_invoke.parameters = {env_var = "e"}',
            "1:1",
        ),
    ],
)
def test_an_unknown_key_is_reported_with_its_place(
    tmp_path: Path, name: str, text: str, place: str
) -> None:
    """An unknown key is skipped, with a diagnostic at its place."""
    path = written(tmp_path, name, text)
    config = read_config(path, "default", INVOKE, known=KNOWN)
    assert "env_var" not in config.values
    (diagnostic,) = config.diagnostics
    assert diagnostic.message == "`env_var` is not an option of `local invoke`"
    assert str(diagnostic.place) == f"{path}:{place}"
    assert diagnostic.hint == "did you mean `env_vars`?"


def test_an_unknown_key_of_a_command_with_a_dash(tmp_path: Path) -> None:
    """The diagnostic names the command as it is typed."""
    text = "[default.local_start_lambda.parameters]\nbogus = 1\n"
    path = written(tmp_path, "samconfig.toml", text)
    config = read_config(path, "default", ("local", "start-lambda"), known=KNOWN)
    assert [each.message for each in config.diagnostics] == [
        "`bogus` is not an option of `local start-lambda`"
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("samconfig.toml", "a = [", "samconfig.toml:1:1: not valid TOML: Invalid value"),
        ("samconfig.toml", "a = 1\nb = = 2", "samconfig.toml:2:5: not valid TOML: Invalid value"),
        ("samconfig.toml", "default = 1", "`default` must be a table"),
        ("samconfig.toml", "[default]\nlocal_invoke = 1", "`default.local_invoke` must be a table"),
        (
            "samconfig.toml",
            "[default.local_invoke]\nparameters = 1",
            "`default.local_invoke.parameters` must be a table",
        ),
        ("samconfig.yaml", "a: [", "samconfig.yaml:1:5: not valid YAML"),
        ("samconfig.yaml", "[a]", "samconfig.yaml:1:1: the file must be a mapping"),
        ("samconfig.json", "{}", "`samconfig.json` is not a configuration file"),
    ],
)
def test_a_malformed_file_is_an_error(tmp_path: Path, name: str, text: str, message: str) -> None:
    """A malformed file is an error with its place."""
    with pytest.raises(ConfigError) as caught:
        read_config(written(tmp_path, name, text), "default", INVOKE, known=KNOWN)
    assert message in str(caught.value)


def test_latin_1_is_an_error(tmp_path: Path) -> None:
    """A file that is not UTF-8 is an error."""
    (tmp_path / "samconfig.toml").write_bytes(b'a = "\xfc"')
    with pytest.raises(ConfigError, match="the file is not UTF-8"):
        read_config(tmp_path / "samconfig.toml", "default", INVOKE, known=KNOWN)


def test_yaml_is_read_as_sam_reads_it(tmp_path: Path) -> None:
    """YAML 1.2 applies: `yes` is text, `012` is 12, and null sets no option."""
    text = """\
default:
  local_invoke:
    parameters:
      region: ~
      docker_network: on
      parameter_overrides: {A: 012, B: yes, C: 0o12, D: 12:30:00, E: 2024-01-01, F: ~, G: true, H: [1, ~, no]}
"""
    path = written(tmp_path, "samconfig.yaml", text)
    config = read_config(path, "default", INVOKE, known=KNOWN)
    assert config.values.keys() == {"docker_network", "parameter_overrides"}
    assert config.values["docker_network"] == "on"
    assert parameter_overrides(config.values["parameter_overrides"]) == {
        "A": "12",
        "B": "yes",
        "C": "10",
        "D": "12:30:00",
        "E": "2024-01-01",
        "F": "",
        "G": "true",
        "H": "1,no",
    }


def test_toml_comes_before_yaml(tmp_path: Path) -> None:
    """`samconfig.toml` is read before `samconfig.yaml`, as in sam."""
    assert find_config([tmp_path]) is None
    for name in ("samconfig.yml", "samconfig.yaml", "samconfig.toml"):
        assert find_config([tmp_path]) != tmp_path / name
        written(tmp_path, name, "")
        assert find_config([tmp_path]) == tmp_path / name


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    """A missing file of `--config-file` is an error."""
    written(tmp_path, "other.toml", "")
    assert find_config([tmp_path], Path("other.toml")) == tmp_path / "other.toml"
    with pytest.raises(ConfigError, match="no configuration file at"):
        find_config([tmp_path], Path("none.toml"))


@pytest.mark.parametrize(
    ("beside", "arguments", "variable", "found"),
    [
        pytest.param(False, ("-t", "infra/template.yaml"), "", "OfCwd", id="-t, none beside it"),
        pytest.param(True, ("-t", "infra/template.yaml"), "", "OfTemplate", id="-t"),
        pytest.param(True, (), "infra/template.yaml", "OfCwd", id="variable"),
        pytest.param(
            False,
            ("-t", "infra/template.yaml", "--config-file", "samconfig.toml"),
            "",
            "OfCwd",
            id="named",
        ),
    ],
)
def test_the_file_is_found_with_a_template_elsewhere(
    project: InProject,
    tmp_path: Path,
    *,
    beside: bool,
    arguments: tuple[str, ...],
    variable: str,
    found: str,
) -> None:
    """The file is found beside the template of `-t`, else in the working directory."""
    (tmp_path / "infra").mkdir()
    template = "Resources: {A: {Type: AWS::Lambda::Function}, B: {Type: AWS::Lambda::Function}}"
    written(tmp_path, "infra/template.yaml", template)
    named = "[default.local_invoke.parameters]\nfunction_logical_id = "
    written(tmp_path, "samconfig.toml", f'{named}"OfCwd"')
    if beside:
        written(tmp_path, "infra/samconfig.toml", f'{named}"OfTemplate"')
    command = replace(project("sam-config"), directory=tmp_path)
    environment = {**command.environment, "SAM_TEMPLATE_FILE": variable}
    ended = replace(command, environment=environment)("local", "invoke", *arguments)
    assert f"no function `{found}`" in ended.stderr


@pytest.mark.parametrize(
    ("option", "names"),
    [
        (
            "template",
            [
                "SAMLOCAL_TEMPLATE",
                "SAMLOCAL_TEMPLATE_FILE",
                "SAMLOCAL_CONFIG",
                "SAM_TEMPLATE_FILE",
            ],
        ),
        ("function_identifier", ["SAMLOCAL_FUNCTION_IDENTIFIER", "SAMLOCAL_FUNCTION"]),
        ("debug_args", ["SAMLOCAL_DEBUG_ARGS", "DEBUGGER_ARGS"]),
        ("region", ["SAMLOCAL_REGION"]),
    ],
)
def test_variables_that_set_an_option(option: str, names: list[str]) -> None:
    """Sam's variables work too; samlocal's own have precedence."""
    assert environment_variables(option) == names


overrides = st.dictionaries(st.text("abcXYZ019", min_size=1), st.text())


@given(overrides)
def test_a_table_of_parameters_stays_unchanged(values: dict[str, str]) -> None:
    """Values in a table of parameters are not split or changed."""
    table: ConfigValue = dict(values)
    assert parameter_overrides(table) == values


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Stage=dev Size=2", {"Stage": "dev", "Size": "2"}),
        (["Stage=dev", "Size=2"], {"Stage": "dev", "Size": "2"}),
        (
            {"Flag": True, "Zones": ["a", "b"], "Size": 2},
            {"Flag": "true", "Zones": "a,b", "Size": "2"},
        ),
    ],
)
def test_parameters_in_each_form(value: ConfigValue, expected: dict[str, str]) -> None:
    """Parameters as text, list or table give the same values."""
    assert parameter_overrides(value) == expected


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("add_host", {"db.local": "10.0.0.5", "a": "::1"}, ["db.local:10.0.0.5", "a:::1"]),
        ("env", {"STAGE": "dev", "FLAG": True}, ["STAGE=dev", "FLAG=true"]),
        ("debug_port", [5858, 5859], ["5858", "5859"]),
        ("debug_port", 5858, ["5858"]),
    ],
)
def test_repeatable_options(option: str, value: ConfigValue, expected: list[str]) -> None:
    """A repeatable option may be one text, a list, or a table as sam saves `--add-host`."""
    assert texts(option, value) == expected


def test_parameters_that_are_a_number_are_an_error() -> None:
    """A number for `parameter_overrides` is an error."""
    with pytest.raises(ConfigError, match="`parameter_overrides` cannot be `1`"):
        parameter_overrides(1)


def shown(ended: Finished) -> dict[str, str]:
    variables = json.loads(ended.stdout)["variables"]
    return {name: variables[name]["value"] for name in ("TEXT", "WORDS")}


def test_a_command_takes_its_options_from_the_file(project: InProject) -> None:
    """Any value of `parameter_overrides` in the file reaches the template unchanged."""
    ended = project("sam-config")("local", "invoke", "--print-env", "--no-credentials")
    assert shown(ended) == {"TEXT": 'C:\\new "x" Y=2', "WORDS": "q|r"}
    assert "samconfig.toml:8:1: `bogus` is not an option of `local invoke`" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--config-env", "prod"), {"TEXT": "prod", "WORDS": "a|b|c"}),
        (("--parameter-overrides", "Text=own"), {"TEXT": "own", "WORDS": "a|b|c"}),
    ],
)
def test_the_command_line_comes_before_the_file(
    project: InProject, arguments: tuple[str, ...], expected: dict[str, str]
) -> None:
    """The command line overrides the environment of the file that `--config-env` selects."""
    command = ("local", "invoke", "--print-env", "--no-credentials")
    assert shown(project("sam-config")(*command, *arguments)) == expected


def test_an_account_from_the_file(project: InProject) -> None:
    """An account in the file, even as a number, is used for the template."""
    invoke = ("local", "invoke", "--no-credentials", "--print-env", "--output", "json")
    ended = project("sam-accounts")(*invoke, "--config-env", "prod")
    variables = json.loads(ended.stdout)["variables"]
    assert variables["TABLE"]["value"] == "prod-orders"
    assert variables["AWS_ACCOUNT_ID"]["value"] == "210987654321"
    assert ended.stderr == ""
    overridden_options = project("sam-accounts", AWS_ACCOUNT_ID="111111111111")(*invoke)
    assert json.loads(overridden_options.stdout)["variables"]["TABLE"]["value"] == "dev-orders"
