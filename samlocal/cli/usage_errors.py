"""Messages for errors of the option parser; only imported for one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

# typer's own copy of Click has no public name; the bounds of the dependency hold it in place.
from typer._click.exceptions import BadParameter, NoArgsIsHelpError, NoSuchOption, UsageError
from typer._click.types import IntRange, ParamType

from samlocal.cli.console import show_error, show_output
from samlocal.cli.option_origins import place, variable
from samlocal.suggestions import ask_for

if TYPE_CHECKING:
    from typer.exceptions import TyperException

    from samlocal.errors import Place

_LISTED = re.compile(r"'\[('[^]]*')\]'")  # the parser quotes lists twice
_QUOTED = re.compile(r"'([^']*)'")
_WRONG_VALUE = re.compile(
    r"(?P<value>.+) is not (?:a valid int range\.|in the range \S+|a valid boolean\. .*)", re.DOTALL
)
_QUOTES = "'\""
_OPTION = re.compile(r"No such option: (?P<name>\S+)")


def show_usage_error(error: TyperException) -> int:
    """Show a message with a hint, and return the exit code; a group without a command shows its help."""
    if isinstance(error, NoArgsIsHelpError):
        show_output(error.format_message())
        return 0
    if isinstance(error, BadParameter) and error.param:
        error.message = _about_value(error.message, error.param.type)
    message = error.message if isinstance(error, NoSuchOption) else error.format_message()
    message = _OPTION.sub(r"no such option: `\g<name>`", message)
    message = _LISTED.sub(r"\1", message)
    message = _QUOTED.sub(r"`\1`", message).rstrip(".")
    origin, name = _origin(error)
    show_error(message[:1].lower() + message[1:], place=origin, hint=_hint(error, name))
    return error.exit_code


def _hint(error: TyperException, name: str | None) -> str:
    """Return a hint for an error about an option whose value comes from the variable `name`, if any."""
    if isinstance(error, NoSuchOption) and error.possibilities:
        return ask_for(*sorted(error.possibilities))
    if name:
        return f"the value comes from the variable `{name}`"
    context = error.ctx if isinstance(error, UsageError) else None
    return f"`{context.command_path if context else 'samlocal'} --help` shows the usage"


def _about_value(message: str, kind: ParamType) -> str:
    """Return a message of the parser about a number or a boolean in plain English."""
    wanted = "`true` or `false`"
    if isinstance(kind, IntRange):
        limit = "" if kind.max is None else f" to {kind.max}"
        wanted = f"a whole number from {kind.min}{limit}"
    return _WRONG_VALUE.sub(
        lambda match: f"`{match['value'].strip(_QUOTES)}` is not {wanted}", message
    )


def _origin(error: TyperException) -> tuple[Place | None, str | None]:
    """Return the place in samconfig and the environment variable that set the option at fault, if one did."""
    if isinstance(error, BadParameter) and error.param and error.ctx:
        return place(error.param, error.ctx), variable(error.param, error.ctx)
    return None, None
