"""The command as a whole: exit codes, streams, and what goes to which."""

from __future__ import annotations

import inspect
import subprocess
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
import typer
from typer.core import TyperGroup

from samlocal import __version__
from samlocal.cli.command_tree import COMMANDS, command_tree
from samlocal.cli.main import main
from tests.docker.command import CHECKOUT, SAMLOCAL

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.command import Samlocal
    from tests.unit.cli.conftest import InProject


@pytest.fixture
def samlocal(project: InProject) -> Samlocal:
    """Run the command in a project with a valid function."""
    return project("broken-inputs")


def in_shell(samlocal: Samlocal, redirections: str) -> subprocess.CompletedProcess[bytes]:
    """Print the function's environment with redirected streams."""
    command = f'"$0" local invoke --no-credentials --print-env {redirections}'
    return subprocess.run(
        ["/bin/sh", "-c", command, SAMLOCAL],
        cwd=samlocal.directory,
        env=samlocal._environment(),
        capture_output=True,
        timeout=30,
        check=False,
    )


def test_version(samlocal: Samlocal) -> None:
    """`--version` is one line on stdout."""
    ended = samlocal("--version")
    assert (ended.exit_code, ended.stdout.decode()) == (0, f"samlocal {__version__}\n")


@pytest.mark.parametrize("command", [[], ["local"], ["list"]], ids=["samlocal", "local", "list"])
def test_without_a_command_the_help_is_shown(samlocal: Samlocal, command: list[str]) -> None:
    """Without a command, the help is shown on stdout with exit code 0."""
    ended = samlocal(*command)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.stdout == samlocal(*command, "--help").stdout


@pytest.mark.parametrize(
    ("variables", "hint"),
    [
        pytest.param({}, "`samlocal local invoke --help` shows the usage", id="option"),
        pytest.param(
            {"SAMLOCAL_MOUNT": "b"},
            "the value comes from the variable `SAMLOCAL_MOUNT`",
            id="variable",
        ),
    ],
)
def test_the_source_of_a_wrong_value(
    project: InProject, variables: dict[str, str], hint: str
) -> None:
    """The hint names the variable if the invalid value comes from one."""
    option = [] if variables else ["--mount", "b"]
    ended = project("broken-inputs", **variables)("local", "invoke", *option)

    assert ended.exit_code == 2
    assert ended.stderr == (
        "Error: invalid value for `--mount`: `b` is not one of `read-only`, `delegated`, `copy`\n"
        f"hint: {hint}\n"
    )


def test_variables_set_the_options_of_doctor(project: InProject) -> None:
    """`doctor` reads no samconfig, but the same variables as other commands."""
    ended = project("broken-nothing", SAMLOCAL_API_CONNECTION="none")("doctor")
    assert (ended.exit_code, ended.stdout) == (2, b"")
    assert "`--api-connection`: `none` is not one of" in ended.stderr


def test_unknown_command(samlocal: Samlocal) -> None:
    """An unknown command is a usage error that names it."""
    ended = samlocal("local", "invok")
    assert (ended.exit_code, ended.stdout) == (2, b"")
    assert "`invok`" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["local", "invok"],
            "no such command `invok`\nhint: did you mean `invoke`?",
            id="misspelt",
        ),
        pytest.param(
            ["start-lambda", "-p", "0"],
            "no such command `start-lambda`\nhint: did you mean `samlocal local start-lambda`?",
            id="without-its-group",
        ),
        pytest.param(
            ["deploy"],
            "no such command `deploy`\nhint: `samlocal --help` shows the usage",
            id="unknown",
        ),
        pytest.param(
            ["prune", "all", "now"],
            "unexpected arguments `all`, `now`\nhint: `samlocal prune --help` shows the usage",
            id="arguments",
        ),
        pytest.param(
            ["local", "start-lambda", "-p"],
            "option `-p` requires an argument\n"
            "hint: `samlocal local start-lambda --help` shows the usage",
            id="option-without-value",
        ),
        pytest.param(
            ["invoke", "local", "-f"],
            "option `-f` requires an argument\n"
            "hint: `samlocal invoke local --help` shows the usage",
            id="command-in-a-command",
        ),
    ],
)
def test_hints_of_usage_errors(samlocal: Samlocal, arguments: list[str], message: str) -> None:
    """The hint names the command that was meant, or the one whose help to read."""
    ended = samlocal(*arguments)
    assert (ended.exit_code, ended.stderr) == (2, f"Error: {message}\n")


@pytest.mark.parametrize(
    ("options", "exit_code"),
    [(["-e", "missing.json"], 1), (["--data", "{}", "-e", "event.json"], 2)],
    ids=["an input", "usage"],
)
def test_debug_shows_the_traceback(samlocal: Samlocal, options: list[str], exit_code: int) -> None:
    """`--debug` adds the traceback; the exit code is the same."""
    plain = samlocal("local", "invoke", *options)
    debugged = samlocal("local", "invoke", "--debug", *options)

    assert "Traceback" not in plain.stderr
    assert "Traceback (most recent call last)" in debugged.stderr
    assert debugged.stderr.endswith(plain.stderr)
    assert (plain.exit_code, debugged.exit_code) == (exit_code, exit_code)


def test_main_raises_the_exit_code(capfd: pytest.CaptureFixture[str]) -> None:
    """`main` raises `SystemExit` with the exit code."""
    with pytest.raises(SystemExit) as ended:
        main(["local", "invoke", "--data", "{}", "--event", "event.json"])
    assert ended.value.code == 2
    assert capfd.readouterr().err.startswith("Error: `--event` and `--data` both name an event\n")


@pytest.mark.parametrize("redirections", ["<&-", "2>&-", "<&- 2>&-"])
def test_closed_streams_behave_like_empty_ones(samlocal: Samlocal, redirections: str) -> None:
    """A closed stdin or stderr behaves like an empty one."""
    ended = in_shell(samlocal, redirections)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"\nAWS_REGION " in ended.stdout


def test_closed_stdout_is_not_an_error(samlocal: Samlocal) -> None:
    """A closed stdout is not an error."""
    ended = in_shell(samlocal, ">&-")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


def test_full_stdout_is_an_error(samlocal: Samlocal) -> None:
    """A result that cannot be written to stdout is an error."""
    ended = in_shell(samlocal, ">/dev/full")
    assert ended.returncode == 1
    assert ended.stderr == b"Error: stdout cannot be written: No space left on device\n"


def test_a_help_text_that_does_not_fit(samlocal: Samlocal) -> None:
    """A help text that cannot be written is an error without a traceback."""
    ended = in_shell(samlocal, "--help >/dev/full")
    assert ended.returncode == 1
    assert ended.stderr == b"Error: stdout cannot be written: No space left on device\n"


def test_a_reader_that_closes_the_pipe_is_not_an_error(samlocal: Samlocal) -> None:
    """A reader that closes the pipe, as in `samlocal … | head -1`, causes no traceback."""
    ended = in_shell(samlocal, "| true")
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_removed_current_directory_is_reported(samlocal: Samlocal, tmp_path: Path) -> None:
    """A removed current directory is an error that says so."""
    gone = tmp_path / "gone"
    gone.mkdir()
    command = 'rmdir "$PWD" && "$0" local invoke --no-event'
    ended = subprocess.run(
        ["/bin/sh", "-c", command, SAMLOCAL],
        cwd=gone,
        env=samlocal._environment(),
        capture_output=True,
        timeout=30,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (1, b"")
    assert ended.stderr.decode() == (
        "Error: the current directory no longer exists\nhint: `cd` to an existing directory\n"
    )


def test_a_user_without_an_account(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user ID without an account gets a default home, as in CI containers."""

    def unknown(_uid: int) -> None:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", unknown)
    monkeypatch.setenv("HOME", "")  # is put back afterwards
    monkeypatch.delenv("HOME")
    monkeypatch.chdir(CHECKOUT / "tests" / "projects" / "broken-inputs")
    with pytest.raises(SystemExit) as ended:
        main(["local", "invoke", "--no-event", "--no-credentials", "--print-env"])

    assert ended.value.code == 0
    assert "STAGE" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("place", "summary"), [pytest.param(*each, id=each[0]) for each in COMMANDS.values()]
)
def test_list_of_commands_has_the_first_line_of_each_help(place: str, summary: str) -> None:
    """The list of commands, which imports none, repeats the first line of each help."""
    module, _, function = place.partition(":")
    found = getattr(import_module(module), function)
    text = found.info.help if isinstance(found, typer.Typer) else inspect.getdoc(found)
    assert str(text).partition("\n\n")[0] == summary


def test_command_behind_two_dashes_runs() -> None:
    """A command behind `--` is the real command, not its entry in the list."""
    group = typer.main.get_command(command_tree(["--", "validate"]))
    assert isinstance(group, TyperGroup)
    assert len(group.commands["validate"].params) > 1
