"""The help of every command, as a terminal of 80 columns shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.cli.golden import check_golden

if TYPE_CHECKING:
    from tests.unit.cli.conftest import InProject


@pytest.mark.parametrize(
    ("name", "command"),
    [
        pytest.param("help", [], id="samlocal"),
        pytest.param("help-local", ["local"], id="local"),
        pytest.param("help-local-invoke", ["local", "invoke"], id="local invoke"),
        pytest.param("help-local-start-lambda", ["local", "start-lambda"], id="local start-lambda"),
        pytest.param("help-local-start-api", ["local", "start-api"], id="local start-api"),
        pytest.param(
            "help-local-start-function-urls",
            ["local", "start-function-urls"],
            id="local start-function-urls",
        ),
        pytest.param(
            "help-local-generate-event", ["local", "generate-event"], id="local generate-event"
        ),
        pytest.param(
            "help-local-generate-event-sqs", ["local", "generate-event", "sqs"], id="service"
        ),
        pytest.param(
            "help-local-generate-event-sqs-receive-message",
            [
                "local",
                "generate-event",
                "sqs",
                "receive-message",
                "--inside",
                "kinesis/get-records",
            ],
            id="sample event",
        ),
        pytest.param("help-invoke", ["invoke"], id="invoke"),
        pytest.param("help-invoke-local", ["invoke", "local"], id="invoke local"),
        pytest.param("help-remote-invoke", ["remote", "invoke"], id="remote invoke"),
        pytest.param("help-warm-list", ["warm", "list"], id="warm list"),
        pytest.param("help-warm-stop", ["warm", "stop"], id="warm stop"),
        pytest.param("help-prune", ["prune"], id="prune"),
        pytest.param("help-doctor", ["doctor"], id="doctor"),
        pytest.param("help-debug-config", ["debug-config"], id="debug-config"),
    ],
)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(project: InProject, name: str, command: list[str], option: str) -> None:
    """`-h` and `--help` show the same on stdout with exit code 0."""
    ended = project("broken-nothing")(*command, option)

    assert (ended.exit_code, ended.stderr) == (0, "")
    check_golden(name, ended.stdout.decode())


@pytest.mark.parametrize("command", [[], ["local"], ["list"]], ids=["samlocal", "local", "list"])
def test_lists_of_commands_are_not_cut(project: InProject, command: list[str]) -> None:
    """On a narrow terminal, lines are wrapped, not cut."""
    ended = project("broken-nothing", COLUMNS="50")(*command, "--help")

    assert "..." not in ended.stdout.decode().partition("Commands:")[2]
