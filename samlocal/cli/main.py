"""The command: its tree, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from samlocal import __version__
from samlocal.cli.arguments import repeat_parameter_overrides
from samlocal.cli.configured import ConfiguredCommand
from samlocal.cli.console import is_debugging, show_error
from samlocal.cli.debug_config import debug_config
from samlocal.cli.doctor import doctor
from samlocal.cli.invoke import invoke
from samlocal.cli.list_functions import list_functions
from samlocal.cli.prune import prune
from samlocal.cli.validate import validate
from samlocal.errors import SamlocalError

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

app = typer.Typer(
    name="samlocal",
    add_completion=False,
    context_settings=_CONTEXT,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
local = typer.Typer(
    context_settings=_CONTEXT,
    help="Run Lambda functions on this machine.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(local, name="local")
listing = typer.Typer(
    context_settings=_CONTEXT,
    help="List what a project holds.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(listing, name="list")
local.command("invoke", cls=ConfiguredCommand, context_settings=_CONTEXT)(invoke)
listing.command("functions", cls=ConfiguredCommand, context_settings=_CONTEXT)(list_functions)
app.command("debug-config", cls=ConfiguredCommand, context_settings=_CONTEXT)(debug_config)
app.command("validate", cls=ConfiguredCommand, context_settings=_CONTEXT)(validate)
app.command("prune", cls=ConfiguredCommand, context_settings=_CONTEXT)(prune)
app.command("doctor", context_settings=_CONTEXT)(doctor)


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # typer's way of calling
    if wanted:
        typer.echo(f"samlocal {__version__}")
        raise typer.Exit


@app.callback()
def _samlocal(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Run AWS Lambda functions on your own machine, in the container that Lambda would use."""
    del version


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: see `samlocal.errors` for the exit codes."""
    _open_missing_streams()
    _assume_home()
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        code = app(
            repeat_parameter_overrides(arguments), prog_name="samlocal", standalone_mode=False
        )
    except BrokenPipeError:  # the reader has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except FileNotFoundError:
        if _is_somewhere():
            raise
        show_error("the current directory has been removed", hint="`cd` to one that is there")
        code = 1
    except TyperException as error:
        from samlocal.cli.usage import show_usage_error

        show_usage_error(error)
        code = error.exit_code
    except SamlocalError as error:
        if is_debugging():
            import traceback

            traceback.print_exc()
        show_error(error.message, place=error.place, hint=error.hint)
        code = error.exit_code
    sys.exit(code or 0)


def _open_missing_streams() -> None:
    """Where a standard stream is closed, let nothing that is opened later take its place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8"))


def _assume_home() -> None:
    """Give a user that the system doesn't know, as in many CI containers, the home that Docker does."""
    if "HOME" in os.environ:
        return
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = "/"


def _is_somewhere() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True
