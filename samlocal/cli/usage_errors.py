"""Messages for errors of the option parser; only imported for one."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

# typer's own copy of Click has no public name; the bounds of the dependency hold it in place.
from typer._click.exceptions import BadParameter, NoArgsIsHelpError, NoSuchOption, UsageError
from typer.core import TyperOption

from samlocal.cli.console import show_error, show_output
from samlocal.suggestions import ask_for

if TYPE_CHECKING:
    from typer.exceptions import TyperException

_LISTED = re.compile(r"'\[('[^]]*')\]'")  # the parser quotes lists twice
_QUOTED = re.compile(r"'([^']*)'")
_OPTION = re.compile(r"No such option: (?P<name>\S+)")


def show_usage_error(error: TyperException) -> int:
    """Show a message with a hint, and return the exit code; a group without a command shows its help."""
    if isinstance(error, NoArgsIsHelpError):
        show_output(error.format_message())
        return 0
    message = error.message if isinstance(error, NoSuchOption) else error.format_message()
    message = _OPTION.sub(r"no such option: `\g<name>`", message)
    message = _LISTED.sub(r"\1", message)
    message = _QUOTED.sub(r"`\1`", message).rstrip(".")
    show_error(message[:1].lower() + message[1:], hint=_hint(error))
    return error.exit_code


def _hint(error: TyperException) -> str:
    if isinstance(error, NoSuchOption) and error.possibilities:
        return ask_for(*sorted(error.possibilities))
    variable = _variable(error)
    if variable:
        return f"the value comes from the variable `{variable}`"
    context = error.ctx if isinstance(error, UsageError) else None
    return f"`{context.command_path if context else 'samlocal'} --help` shows the usage"


def _variable(error: TyperException) -> str | None:
    """Return the environment variable that set the option at fault, if one did."""
    if not (isinstance(error, BadParameter) and isinstance(error.param, TyperOption) and error.ctx):
        return None
    option = error.param
    source = error.ctx.get_parameter_source(str(option.name))
    if source is None or source.name != "ENVIRONMENT":
        return None
    return next(name for name in option.envvar or () if os.environ.get(name))
