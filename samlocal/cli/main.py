"""Runs the command line; the only place where errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from typer.exceptions import TyperException

from samlocal.child_groups import end_groups
from samlocal.cli.arguments import move_leading_options, repeat_parameter_overrides
from samlocal.cli.command_tree import COMMANDS, root_command
from samlocal.cli.console import finish_output, is_debugging, show_error
from samlocal.errors import OutputError, SamlocalError


def run_command_line() -> int:
    """Run the command line of this process, write all its output, and return the exit code."""
    code: object = 0
    try:
        main()
    except SystemExit as exit_:
        code = exit_.code
    end_groups()
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: see `samlocal.errors` for the exit codes."""
    _open_missing_streams()
    _assume_home()
    arguments = move_leading_options(sys.argv[1:] if arguments is None else arguments)
    try:
        code = root_command(arguments)(
            repeat_parameter_overrides(arguments), prog_name="samlocal", standalone_mode=False
        )
    except BrokenPipeError:  # the reader has closed the pipe, like `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except FileNotFoundError:
        if _is_somewhere():
            raise
        show_error("the current directory no longer exists", hint="`cd` to an existing directory")
        code = 1
    except OSError as error:
        _show_system_error(error)
        code = 1
    except TyperException as error:
        from samlocal.cli.usage_errors import show_usage_error

        code = show_usage_error(error, arguments, COMMANDS)
    except SamlocalError as error:
        if is_debugging():
            import traceback

            traceback.print_exc()
        show_error(error.message, place=error.place, hint=error.hint)
        code = error.exit_code
    sys.exit(code or 0)


def _show_system_error(error: OSError) -> None:
    """Show an error of a file; an error without a file is a defect, unless it is stdout."""
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
    """Replace closed standard streams, so that no file opened later takes their numbers."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8"))


def _assume_home() -> None:
    """Set a home for a user unknown to the system, as Docker does; many CI containers have one."""
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
