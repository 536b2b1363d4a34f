"""A command that has the name of a group: `invoke`, beside `invoke local`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import typer

from samlocal.cli import command_tree
from samlocal.cli.command_tree import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What a command line shows where there is such a command."""
    place = "samlocal.cli.commands.warm:list_warm"
    commands = {**COMMANDS, ("invoke",): (place, "Run a deployed function.")}
    monkeypatch.setattr(command_tree, "COMMANDS", commands)

    def show(*arguments: str) -> str:
        command = typer.main.get_command(command_tree.command_tree(arguments))
        command(arguments, prog_name="samlocal", standalone_mode=False)
        return capfd.readouterr().out

    return show


def test_the_longest_name_is_the_command(shown: Callable[..., str]) -> None:
    """`invoke local` is not `invoke`, and an option ends the name."""
    assert shown("invoke", "local", "--help").startswith("Usage: samlocal invoke local [OPTIONS]")
    assert shown("invoke", "--help", "local").startswith("Usage: samlocal invoke [OPTIONS]")


def test_the_help_of_the_command_lists_its_group(shown: Callable[..., str]) -> None:
    """`invoke --help` shows the options of `invoke`, and that there is `invoke local`."""
    text = shown("invoke", "--help")
    assert "Usage: samlocal invoke [OPTIONS]" in text
    assert "--output" in text
    assert "Commands:\n  local " in text


def test_the_list_of_commands_has_the_name_once(shown: Callable[..., str]) -> None:
    """The first line of its help is that of the command."""
    text = shown("--help")
    assert text.count("\n  invoke ") == 1
    assert "Run a deployed function." in text
