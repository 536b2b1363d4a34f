"""Where a wrong value comes from: the variable, or the place in samconfig."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import InProject

HEADER = "[default.local_invoke.parameters]\n"
WITHOUT_CREDENTIALS = "no_credentials = true\n"
INVOKE = ("local", "invoke")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("report", "yaml", "`--report yaml` is not a report"),
        ("trace_id", "bad", "`bad` is not a trace ID"),
        ("otlp", "x", "`--otlp x` is not the URL of a collector"),
        ("docker_arg", "foo", "`--docker-arg foo` is not KEY=VALUE"),
        ("add_host", "x", "`--add-host x` is not HOST:IP"),
        ("event", "lib/event.json", "no such event file: `lib/event.json`"),
        ("runtime", "python9", "unknown runtime `python9`"),
        ("template", "nowhere.yaml", "/nowhere.yaml`"),
        ("context", "{", "--context:1:2: invalid JSON"),
    ],
)
def test_a_value_from_a_variable(project: InProject, option: str, value: str, message: str) -> None:
    """The hint names the variable and the option that it sets."""
    ended = project("broken-inputs", **{f"SAMLOCAL_{option.upper()}": value})(
        *INVOKE, "--no-credentials"
    )

    origin = f"`--{option.replace('_', '-')}` comes from the variable `SAMLOCAL_{option.upper()}`\n"
    assert message in ended.stderr
    assert ended.stderr.endswith(origin)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('report = "yaml"', "`--report yaml` is not a report"),
        ('trace-id = "bad"', "`bad` is not a trace ID"),
        ('add_host = {a = ""}', "`--add-host a:` is not HOST:IP"),
        ('function_logical_id = "Reviews"', "no function `Reviews`"),
        ('parameter_overrides = "x"', "`x` is not a parameter override"),
        ('mount = "b"', "invalid value for `--mount`: `b` is not one of"),
        ("repeat = true", "invalid value for `--repeat`: `true` is not a whole number from 1"),
        ("debug_port = [1, 0]", "`0` is not a whole number from 1 to 65535"),
        ('strict = "maybe"', "invalid value for `--strict`: `maybe` is not `true` or `false`"),
    ],
)
def test_a_value_from_samconfig(
    project: InProject, tmp_path: Path, line: str, message: str
) -> None:
    """The message begins with the place in the file."""
    config = tmp_path / "samconfig.toml"
    config.write_text(f"{HEADER}{WITHOUT_CREDENTIALS}{line}\n", encoding="utf-8")
    ended = project("broken-inputs")(*INVOKE, "--config-file", str(config))

    assert ended.stderr.startswith(f"Error: {config}:3:1: ")
    assert message in ended.stderr


def test_a_place_in_the_table_for_all_commands(project: InProject, tmp_path: Path) -> None:
    """An option that only the table for all commands sets has its place there, in YAML too."""
    config = tmp_path / "samconfig.yaml"
    config.write_text("default:\n  global: {parameters: {region: a b}}\n", encoding="utf-8")
    ended = project("broken-inputs")(*INVOKE, "--config-file", str(config))

    assert ended.stderr.startswith(f"Error: {config}:2:25: `a b` is not an AWS Region\n")


def test_a_file_that_samconfig_names(project: InProject, tmp_path: Path) -> None:
    """An error inside of a file keeps its place, and the hint has that of the option."""
    config = tmp_path / "samconfig.toml"
    config.write_text(f'{HEADER}{WITHOUT_CREDENTIALS}event = "comma.json"\n', encoding="utf-8")
    ended = project("broken-inputs")(*INVOKE, "--config-file", str(config))

    assert ended.stderr.startswith("Error: comma.json:")
    assert ended.stderr.endswith(f"`--event` comes from `{config}:3:1`\n")


def test_a_value_from_the_command_line(project: InProject) -> None:
    """A value of the command line has no origin, whatever variables are set."""
    command = project("broken-inputs", SAMLOCAL_REPORT="xml")
    ended = command(*INVOKE, "--no-credentials", "--report", "yaml")

    assert "`--report yaml`" in ended.stderr
    assert "comes from" not in ended.stderr
