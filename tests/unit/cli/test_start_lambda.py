"""The options of `local start-lambda`, without an engine."""

from __future__ import annotations

import shutil
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.docker.command import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.command import Finished, Samlocal
    from tests.unit.cli.conftest import InProject

NO_ENGINE = "no container engine answers"


@pytest.fixture
def samlocal(project: InProject, tmp_path: Path) -> Samlocal:
    """Run the command in a copy of a project, where no engine answers."""
    copy = shutil.copytree(CHECKOUT / "tests" / "projects" / "behaviours", tmp_path / "project")
    (copy / "env.json").write_text('{"Parameters": {"STAGE": "test"}}')
    return replace(project("behaviours"), directory=copy)


def start(samlocal: Samlocal, *options: str) -> Finished:
    return samlocal("local", "start-lambda", "--port", "0", *options)


# As `sam local start-lambda --help` lists them, in sam 1.170.0.
@pytest.mark.parametrize(
    "options",
    [
        "-t template.yaml",
        "--template-file template.yaml",
        "--parameter-overrides Stage=test Other=1",
        "--language-extensions",
        "--no-language-extensions",
        "--region eu-west-1",
        "--host 127.0.0.1",
        "-p 0",
        "-n env.json",
        "--env-vars env.json",
        "--warm-containers EAGER",
        "--warm-containers lazy",
        "--container-env-vars env.json -d 5858",
        "-d 5858 --debug-function Echo",
        "--debugger-path . --debug-args -v -d 5858 Echo",
        "-v /var/project",
        "--docker-volume-basedir /var/project",
        "--skip-pull-image",
        "--docker-network host",
        "--container-dns 1.1.1.1",
        "--force-image-build",
        "--shutdown",
        "--container-host localhost",
        "--container-host-interface 0.0.0.0",
        "--add-host db.local:10.0.0.5",
        "-ii python:3 --invoke-image Echo=python:3",
        "--no-memory-limit",
        "--no-watch",
        "-l out.log",
        "--log-file out.log",
        "--layer-cache-basedir layers",
        "--prepare-infra",
        "--config-env default",
        "--beta-features",
        "--no-beta-features",
        "--debug",
        "Echo Context",
    ],
)
def test_options_of_sam_are_accepted(samlocal: Samlocal, options: str) -> None:
    """Every option of sam gets as far as the engine, which is missing here."""
    ended = start(samlocal, *options.split())
    assert (ended.exit_code, ended.stdout) == (1, b""), ended.stderr
    assert NO_ENGINE in ended.stderr


@pytest.mark.parametrize(
    ("options", "exit_code", "message"),
    [
        ("--idle-timeout soon", 2, "`--idle-timeout soon` is not a duration"),
        ("--warm-containers HOT", 2, "`HOT` is not one of `EAGER`, `LAZY`"),
        ("--port 65536", 2, "`65536` is not a whole number from 0 to 65535"),
        ("--max-environments 0", 2, "`0` is not a whole number from 1"),
        ("--host 192.0.2.1", 2, "`--host 192.0.2.1` cannot be listened on"),
        ("--env-vars - --container-env-vars -", 2, "stdin can be read once"),
        ("--event event.json", 2, "no such option: `--event`"),
        ("--hook-name terraform", 1, "samlocal cannot prepare a Terraform project yet"),
        ("--skip-prepare-infra", 2, "`--skip-prepare-infra` needs `--hook-name`"),
        ("--terraform-plan-file plan.json", 2, "`--terraform-plan-file` needs `--hook-name`"),
        ("--log-file /nowhere/out.log", 2, "the log file `/nowhere/out.log` cannot be written"),
    ],
)
def test_wrong_options(samlocal: Samlocal, options: str, exit_code: int, message: str) -> None:
    """A wrong option is an error that names its value."""
    ended = start(samlocal, *options.split())
    assert ended.exit_code == exit_code, ended.stderr
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


def test_port_in_use_comes_before_all_else(samlocal: Samlocal) -> None:
    """The port opens first: one in use is an error also where there is no template."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = samlocal("local", "start-lambda", "-p", port, "-t", "missing.yaml")
    assert ended.exit_code == 1
    assert ended.stderr.startswith(f"Error: port `{port}` of `127.0.0.1` is in use\nhint: ")


def test_options_from_samconfig_and_variables(samlocal: Samlocal, project: InProject) -> None:
    """The options are read from sam's table and from variables, too; errors name the place."""
    config = samlocal.directory / "samconfig.toml"
    config.write_text('[default.local_start_lambda.parameters]\nidle_timeout = "soon"\n')
    ended = start(samlocal)
    assert ended.exit_code == 2
    assert "samconfig.toml:2:1: `--idle-timeout soon` is not a duration" in ended.stderr

    config.unlink()
    variables = project("behaviours", SAMLOCAL_IDLE_TIMEOUT="later").environment
    ended = start(replace(samlocal, environment=variables))
    assert "comes from the variable `SAMLOCAL_IDLE_TIMEOUT`" in ended.stderr


def test_options_are_saved(samlocal: Samlocal) -> None:
    """`--save-params` writes the options to the table of the command."""
    ended = start(samlocal, "--warm-containers", "EAGER", "--no-watch", "--save-params", "Echo")
    assert NO_ENGINE in ended.stderr
    text = (samlocal.directory / "samconfig.toml").read_text()
    assert "[default.local_start_lambda.parameters]" in text
    assert 'warm_containers = "EAGER"' in text
    assert "no_watch = true" in text
    assert 'function_logical_ids = "Echo"' in text
