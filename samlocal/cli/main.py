"""The command line, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from typer.exceptions import TyperException

from samlocal.cli.arguments import move_leading_options, repeat_parameter_overrides
from samlocal.cli.command_tree import command_tree
from samlocal.cli.console import finish_output, is_debugging, show_error
from samlocal.errors import OutputError, SamlocalError


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: see `samlocal.errors` for the exit codes."""
    _open_missing_streams()
    _assume_home()
    arguments = move_leading_options(sys.argv[1:] if arguments is None else arguments)
    try:
        code = command_tree(arguments)(
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
    except OSError as error:
        _show_system_error(error)
        code = 1
    except TyperException as error:
        from samlocal.cli.usage_errors import show_usage_error

        code = show_usage_error(error)
    except SamlocalError as error:
        if is_debugging():
            import traceback

            traceback.print_exc()
        show_error(error.message, place=error.place, hint=error.hint)
        code = error.exit_code
    sys.exit(code or 0)


def _show_system_error(error: OSError) -> None:
    """Say which file is at fault; what has no file is a defect of ours, unless it is stdout."""
    if is_debugging():
        raise error
    if error.filename is not None:
        show_error(f"`{error.filename}`: {error.strerror}", hint="`--debug` shows what needs it")
        return
    try:
        finish_output()
    except OutputError as full:
        show_error(full.message)
    else:
        raise error


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
