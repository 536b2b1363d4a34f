"""Every command that reads a project reads a Serverless one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.docker.command import Samlocal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import InProject

PROJECT = "serverless/pages"


def test_list_functions(project: InProject) -> None:
    """Functions are listed by their keys, with the names of the stage; one that is broken says why."""
    ended = project(PROJECT)("list", "functions", "--stage", "prod", "--output", "json")
    listed = {each["logical_id"]: each for each in json.loads(ended.stdout)}
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert list(listed) == ["functionName", "inNode", "fails", "broken"]
    assert listed["inNode"]["function_name"] == "pages-prod-inNode"
    assert listed["inNode"]["function_id"] == "InNodeLambdaFunction"
    assert (listed["inNode"]["runtime"], listed["inNode"]["memory_mb"]) == ("nodejs22.x", 1024)
    assert "`self:custom.missing` has no value" in listed["broken"]["error"]


def test_validate(project: InProject) -> None:
    """Every variable that cannot be resolved is an error with its place, also in one function."""
    ended = project(PROJECT)("validate")
    lines = ended.stdout.decode().splitlines()
    assert ended.exit_code == 1
    assert [line for line in lines if not line.startswith("  hint")] == [
        (
            "serverless.yml:29:14: error: cannot resolve `${self:custom.missing}`:"
            " `self:custom.missing` has no value"
        ),
        (
            "serverless.yml:30:14: error: cannot resolve `${env:NOBODY_SETS_THIS}`:"
            " `env:NOBODY_SETS_THIS` has no value"
        ),
    ]
    assert ended.stderr == "2 errors\n"


def test_validate_finds_nothing(project: InProject) -> None:
    """A service without problems is valid; cfn-lint, which cannot read it, is not run."""
    ended = project(PROJECT)("validate", "-t", "other.yml")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, b"", "No problems found\n")


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("local", "invoke", "inNode", "--stage", "prod"), id="local invoke"),
        pytest.param(("invoke", "local", "-f", "inNode", "-s", "prod", "-d1"), id="invoke local"),
    ],
)
def test_print_env(project: InProject, command: tuple[str, ...]) -> None:
    """`--print-env` has the place of each value in the configuration."""
    options = ("--no-credentials", "--print-env", "--output", "json", "--env", "AA=1")
    ended = project(PROJECT, SHARED="shell")(*command, *options)
    assert (ended.exit_code, ended.stderr) == (0, "")
    shown = json.loads(ended.stdout)
    origins = {
        name: (each["value"], each["source"], each["origin"])
        for name, each in shown["variables"].items()
        if name in {"AA", "IS_LOCAL", "SHARED", "STAGE", "AWS_LAMBDA_FUNCTION_NAME"}
    }
    assert origins == {
        "AA": ("1", "command-line", "--env"),
        "AWS_LAMBDA_FUNCTION_NAME": ("pages-prod-inNode", "lambda", "Lambda"),
        "IS_LOCAL": ("true", "lambda", "Serverless"),
        "SHARED": ("of the provider", "template", "serverless.yml:9:13"),
        "STAGE": ("prod", "template", "serverless.yml:10:12"),
    }


def test_credentials_of_the_stage(project: InProject) -> None:
    """Each stage has its own keys; a profile of the project that does not exist is a warning."""
    keys = {"AWS_PROD_ACCESS_KEY_ID": "key", "AWS_PROD_SECRET_ACCESS_KEY": "s"}
    command = project(PROJECT, **keys)
    arguments = ("invoke", "local", "-f", "inNode", "-d", "1", "--print-env")
    prod, dev = (command(*arguments, "-s", stage) for stage in ("prod", "dev"))
    assert (prod.stderr, "no AWS credentials found" in dev.stderr) == ("", True)
    assert "AWS_ACCESS_KEY_ID                ********" in prod.stdout.decode()
    assert "AWS_PROD" not in prod.stdout.decode()


def test_a_profile_that_does_not_exist(project: InProject, tmp_path: Path) -> None:
    """`provider.profile` is no reason not to run a function; `--aws-profile` is one."""
    service = "service: own\nprovider: {name: aws, runtime: python3.11, profile: nope}\n"
    (tmp_path / "serverless.yml").write_text(f"{service}functions: {{one: {{handler: a.b}}}}\n")
    fixed = project(PROJECT).environment
    command = Samlocal(directory=tmp_path, environment=fixed)
    arguments = ("invoke", "local", "-f", "one", "-d", "1", "--print-env")
    ended = command(*arguments)
    assert ended.exit_code == 0
    assert "no profile `nope` in AWS's configuration files" in ended.stderr

    chosen = command(*arguments, "--aws-profile", "other")
    assert chosen.exit_code == 2
    assert "no profile `other` in AWS's configuration files" in chosen.stderr


def test_debug_config(project: InProject) -> None:
    """Launch configurations map the code of each function."""
    ended = project(PROJECT)("debug-config", "vscode")
    configurations = json.loads(ended.stdout)["configurations"]
    assert ended.exit_code == 0
    assert [(each["name"], each["type"]) for each in configurations] == [
        ("samlocal: functionName", "debugpy"),
        ("samlocal: inNode", "node"),
        ("samlocal: fails", "debugpy"),
    ]
    assert "skipping `broken`" in ended.stderr
