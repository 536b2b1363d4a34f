"""The command line of `samlocal invoke local`, without an engine."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.command import Finished
    from tests.unit.cli.conftest import InProject

INVOKE = ("invoke", "local", "--no-credentials")


def variables(ended: Finished) -> dict[str, str]:
    """Return what `--print-env --output json` shows."""
    assert ended.exit_code == 0, ended.stderr
    shown = json.loads(ended.stdout)["variables"]
    return {name: each["value"] for name, each in shown.items()}


def print_env(project: InProject, *arguments: str) -> dict[str, str]:
    command = project("broken-inputs")
    return variables(command(*INVOKE, *arguments, "--print-env", "--output", "json"))


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["-f", "Ratings", "-e", "STAGE=a", "-r", "eu-west-1"], id="short"),
        pytest.param(
            ["--function", "Ratings", "--env", "STAGE=a", "--region", "eu-west-1"], id="long"
        ),
        pytest.param(["--function=Ratings", "--env=STAGE=a", "--region=eu-west-1"], id="equals"),
    ],
)
def test_options_of_serverless(project: InProject, arguments: list[str]) -> None:
    """The options of Serverless mean here what they mean there."""
    shown = print_env(project, *arguments, "-d", "{}", "-s", "prod", "--param", "a=b")
    assert (shown["STAGE"], shown["AWS_REGION"]) == ("a", "eu-west-1")


@pytest.mark.parametrize(
    "option",
    [
        "--docker",
        "--skip-package",
        "--app=a",
        "--org=o",
        "--use-local-credentials",
        "--verbose",
        "--debug",
        "--debug=*",
        "--raw",
    ],
)
def test_options_that_need_nothing(project: InProject, option: str) -> None:
    """The other options of Serverless are accepted."""
    assert print_env(project, "-f", "Ratings", "-d", "{}", option)["SAMLOCAL"] == "true"


def test_environment_variables(project: InProject) -> None:
    """A value may be empty, missing, contain `=` and lines; the last of several applies."""
    values = ["AA=", "BB", "CC=a=b", "DD=1\n2", "EE=1", "EE=2"]
    shown = print_env(project, "-f", "Ratings", "-d", "{}", *(f"-e{each}" for each in values))
    assert {name: shown[name] for name in ("AA", "BB", "CC", "DD", "EE")} == {
        "AA": "",
        "BB": "",
        "CC": "a=b",
        "DD": "1\n2",
        "EE": "2",
    }


@pytest.mark.parametrize(
    ("arguments", "message", "exit_code"),
    [
        pytest.param([], "`--function` is missing", 2, id="no function"),
        pytest.param(
            ["-f", "Ratings", "--raw=true"],
            "`samlocal invoke local --help` shows the usage",
            2,
            id="hint",
        ),
        pytest.param(["-f", "Nope", "-d", "1"], "no function `Nope`", 1, id="unknown function"),
        pytest.param(["-f", "Ratings", "more"], "unexpected argument `more`", 2, id="words"),
        pytest.param(["-f", "Ratings", "-v"], "no such option: `-v`", 2, id="short option"),
        pytest.param(
            ["-f", "Ratings", "--param", "a"], "`--param a` is not `KEY=VALUE`", 2, id="param"
        ),
        pytest.param(
            ["-f", "Ratings", "-p", "lib/data.json"],
            "no such event file: `lib/data.json`",
            1,
            id="file",
        ),
    ],
)
def test_usage(project: InProject, arguments: list[str], message: str, exit_code: int) -> None:
    """What is wrong on the command line is named."""
    ended = project("broken-inputs")(*INVOKE, *arguments)
    assert message in ended.stderr
    assert (ended.exit_code, ended.stdout) == (exit_code, b"")


def test_c_is_the_context(project: InProject) -> None:
    """`-c` is the context, as in the pages of Serverless; who means `--config` is told."""
    command = project("broken-inputs")
    ended = command(*INVOKE, "-f", "Ratings", "-d{}", "-c", "event.json", "--print-env")
    assert "`event.json` is the text of the context, not a file" in ended.stderr
    assert "`--config event.json` reads it as the configuration" in ended.stderr


def test_a_context_that_is_too_long_for_a_file(project: InProject) -> None:
    """Any text is a context, even one that ends like the name of a file."""
    text = "é" * 150 + ".json"  # fewer characters than a name may have bytes
    ended = project("broken-inputs")(*INVOKE, "-f", "Ratings", "-d{}", "-c", text, "--print-env")
    assert ended.exit_code == 0, ended.stderr


def test_c_without_a_project(project: InProject, tmp_path: Path) -> None:
    """Who means `--config` is told also where the configuration is not found without it."""
    (tmp_path / "other.yml").write_text("service: a\nprovider: aws\n")
    command = replace(project("broken-inputs"), directory=tmp_path)
    ended = command(*INVOKE, "-f", "Ratings", "-c", "other.yml")
    assert "`--config other.yml` reads it as the configuration" in ended.stderr
    assert "no template in" in ended.stderr
    assert ended.exit_code == 1


def test_options_from_samconfig(project: InProject, tmp_path: Path) -> None:
    """The table of the command has its options by their spelling; `--save-params` writes them so."""
    config = tmp_path / "config.toml"
    config.write_text(
        '[default.invoke_local.parameters]\nfunction = "Ratings"\naws_profile = "mine"\n'
        'env = { STAGE = "of the file" }\n'
    )
    command = project("broken-inputs")
    options = ("--config-file", str(config), "--print-env", "--output", "json", "-d", "{}")
    shown = variables(command(*INVOKE, *options))
    assert shown["STAGE"] == "of the file"

    saved = command(*INVOKE, *options, "-f", "Ratings", "-s", "prod", "--save-params")
    assert saved.exit_code == 0
    assert 'function = "Ratings"' in config.read_text()
    assert 'stage = "prod"' in config.read_text()


def test_variables_in_the_spelling_of_serverless(project: InProject) -> None:
    """Each spelling of an option has a variable."""
    command = project("broken-inputs").with_variables(SAMLOCAL_FUNCTION="Ratings")
    assert variables(command(*INVOKE, "-d1", "--print-env", "--output", "json"))["SAMLOCAL"]
    ended = command.with_variables(SAMLOCAL_CONFIG="other.yml")(*INVOKE, "-d1")
    assert "`--template` comes from the variable `SAMLOCAL_CONFIG`" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "sandbox"),
    [
        pytest.param(["--docker"], {}, "docker", id="docker"),
        pytest.param(["--docker"], {"SAMLOCAL_SANDBOX": "process"}, "docker", id="over variable"),
        pytest.param(["--sandbox=process"], {"SAMLOCAL_DOCKER": "1"}, "process", id="under option"),
    ],
)
def test_docker_is_a_sandbox(
    project: InProject, arguments: list[str], variables: dict[str, str], sandbox: str
) -> None:
    """`--docker` requires a container; the option from the higher source applies."""
    command = project("broken-inputs").with_variables(DOCKER_HOST="tcp://127.0.0.1:1", **variables)
    ended = command(*INVOKE, "-f", "Ratings", "-d{}", "--strict", *arguments)
    assert ("engine" in ended.stderr) == (sandbox == "docker")


def test_docker_contradicts_a_process(project: InProject) -> None:
    """Two answers to one question are an error."""
    ended = project("broken-inputs")(*INVOKE, "-f", "Ratings", "--docker", "--sandbox", "process")
    assert "`--docker` and `--sandbox process` contradict each other" in ended.stderr
    assert ended.exit_code == 2
