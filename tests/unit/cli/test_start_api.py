"""The options of `local start-api` and `local start-function-urls`, without an engine."""

from __future__ import annotations

import shutil
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
    """Run the command above a copy of a project, where no engine answers."""
    shutil.copytree(CHECKOUT / "tests" / "projects" / "start-api", tmp_path / "app")
    (tmp_path / "env.json").write_text('{"Parameters": {"STAGE": "test"}}')
    (tmp_path / "app" / "assets").mkdir()
    return replace(project("start-api"), directory=tmp_path)


def start(samlocal: Samlocal, *options: str) -> Finished:
    return samlocal("local", "start-api", "-t", "app/template.yaml", "--port", "0", *options)


# As `sam local start-api --help` lists them, in sam 1.170.0.
@pytest.mark.parametrize(
    "options",
    [
        "-t app/template.yaml",
        "--template app/template.yaml",
        "--template-file app/template.yaml",
        "--parameter-overrides Stage=test Other=1",
        "--language-extensions",
        "--no-language-extensions",
        "--region eu-west-1",
        "--host 127.0.0.1",
        "-p 0",
        "-n env.json",
        "--env-vars env.json",
        "--container-env-vars env.json -d 5858",
        "-d 5858 --debug-function Echo",
        "--debugger-path . --debug-args -v -d 5858 --debug-function Echo",
        "-v /var/project",
        "--docker-volume-basedir /var/project",
        "--skip-pull-image",
        "--docker-network host",
        "--force-image-build",
        "--no-memory-limit",
        "--warm-containers EAGER",
        "--warm-containers lazy",
        "--shutdown",
        "--container-host localhost",
        "--container-host-interface 0.0.0.0",
        "--add-host db.local:10.0.0.5",
        "--container-dns 1.1.1.1",
        "-ii python:3 --invoke-image Echo=python:3",
        "--disable-authorizer",
        "--no-watch",
        "-l out.log",
        "--log-file out.log",
        "--layer-cache-basedir layers",
        "-s app/assets",
        "--static-dir assets",  # beside the template
        "--prepare-infra",
        "--config-env default",
        "--beta-features",
        "--no-beta-features",
        "--debug",
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
        ("--static-dir nowhere", 2, "`--static-dir nowhere` is not a directory"),
        ("--static-dir env.json", 2, "`--static-dir env.json` is not a directory"),
        ("--port 65536", 2, "`65536` is not a whole number from 0 to 65535"),
        ("--host 192.0.2.1", 2, "`--host 192.0.2.1` cannot be listened on"),
        ("--ssl-cert-file env.json", 2, "needs both `--ssl-cert-file` and `--ssl-key-file`"),
        ("--ssl-cert-file a.pem --ssl-key-file b.pem", 1, "the certificate `a.pem` cannot be read"),
        ("--jwks nowhere.json", 2, "no such JWKS file: `nowhere.json`"),
        ("--api-key secret", 2, "`--api-key secret` is not KEY=VALUE"),
        ("Echo", 2, "`Echo`"),
    ],
)
def test_wrong_options(samlocal: Samlocal, options: str, exit_code: int, message: str) -> None:
    """A wrong option is an error that names its value."""
    ended = start(samlocal, *options.split())
    assert ended.exit_code == exit_code, ended.stderr
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", ["start-api", "start-function-urls"])
def test_options_from_samconfig_and_variables(
    samlocal: Samlocal, project: InProject, command: str
) -> None:
    """The options are read from the table of each command and from variables, too; errors name the place."""
    config = samlocal.directory / "app" / "samconfig.toml"
    table = f"local_{command.replace('-', '_')}"
    config.write_text(f'[default.{table}.parameters]\nidle_timeout = "soon"\n')
    arguments = ("local", command, "-t", "app/template.yaml", "-p", "0")
    ended = samlocal(*arguments)
    assert ended.exit_code == 2
    assert "samconfig.toml:2:1: `--idle-timeout soon` is not a duration" in ended.stderr

    config.unlink()
    variables = project("start-api", SAMLOCAL_IDLE_TIMEOUT="later").environment
    ended = replace(samlocal, environment=variables)(*arguments)
    assert "comes from the variable `SAMLOCAL_IDLE_TIMEOUT`" in ended.stderr


def test_options_are_saved(samlocal: Samlocal) -> None:
    """`--save-params` writes the options to the table of the command."""
    ended = start(samlocal, "-s", "app/assets", "--disable-authorizer", "--save-params")
    assert NO_ENGINE in ended.stderr
    text = (samlocal.directory / "app" / "samconfig.toml").read_text()
    assert "[default.local_start_api.parameters]" in text
    assert 'static_dir = "app/assets"' in text
    assert "disable_authorizer = true" in text
