"""Messages for errors of the option parser; only imported for one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

# typer's own copy of Click has no public name; the bounds of the dependency hold it in place.
from typer._click.exceptions import BadParameter, NoArgsIsHelpError, NoSuchOption, UsageError
from typer._click.types import IntRange, ParamType
from typer._types import TyperChoice

from samlocal.cli.console import show_error, show_output
from samlocal.cli.option_origins import place, variable
from samlocal.suggestions import ask_for

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from typer.exceptions import TyperException

    from samlocal.errors import Place

_LISTED = re.compile(r"'\[('[^]]*')\]'")  # the parser quotes lists twice
_QUOTED = re.compile(r"'([^']*)'")
_WRONG_VALUE = re.compile(
    r"(?P<value>.+) is not (?:a valid int range\.|in the range \S+|a valid boolean\. .*)", re.DOTALL
)
_QUOTES = "'\""
_CHOICES = re.compile(r"(?<=is not one of ).*(?=\.)", re.DOTALL)
_OPTION = re.compile(r"No such option: (?P<name>\S+)")
_COMMAND = re.compile(r"No such command '(?P<name>[^']*)'\.(?: Did you mean (?P<similar>.*)\?)?")
_EXTRA = re.compile(r"Got unexpected extra argument(?:\(s\)|s)? \((?P<names>.*)\)", re.DOTALL)


def show_usage_error(
    error: TyperException,
    arguments: Sequence[str] = (),
    commands: Collection[tuple[str, ...]] = (),
) -> int:
    """Show a message with a hint, and return the exit code; a group without a command shows its help.

    `arguments` are those of the command line, `commands` the words of each command that there is.
    """
    if isinstance(error, NoArgsIsHelpError):
        show_output(error.format_message())
        return 0
    if isinstance(error, BadParameter) and error.param:
        error.message = _about_value(error.message, error.param.type)
    message = error.message if isinstance(error, NoSuchOption) else error.format_message()
    message = _OPTION.sub(r"no such option: `\g<name>`", message)
    command = _COMMAND.match(message)
    if command:
        message = f"no such command `{command['name']}`"
    if extra := _EXTRA.match(message):
        names = extra["names"].split()
        listed = ", ".join(f"`{name}`" for name in names)
        message = f"unexpected argument{'s' if len(names) > 1 else ''} {listed}"
    message = _LISTED.sub(r"\1", message)
    message = _QUOTED.sub(r"`\1`", message).rstrip(".")
    origin, name = _origin(error)
    hint = _similar_command(command, commands) if command else None
    hint = hint or _hint(error, name, _named(arguments, commands))
    show_error(message[:1].lower() + message[1:], place=origin, hint=hint)
    return error.exit_code


def _similar_command(command: re.Match[str], commands: Collection[tuple[str, ...]]) -> str | None:
    """Return a hint with the command that was meant: in the same group, or of this name in another one."""
    if command["similar"]:
        return ask_for(*_QUOTED.findall(command["similar"]))
    others = [words for words in commands if words[-1] == command["name"]]
    return ask_for(*(" ".join(("samlocal", *words)) for words in others)) if others else None


def _hint(error: TyperException, name: str | None, command: str) -> str:
    """Return a hint for an error about an option whose value comes from the variable `name`, if any."""
    if isinstance(error, NoSuchOption) and error.possibilities:
        return ask_for(*sorted(error.possibilities))
    if name:
        return f"the value comes from the variable `{name}`"
    context = error.ctx if isinstance(error, UsageError) else None
    if context:
        command = context.command_path
    return f"`{command} --help` shows the usage"


def _named(arguments: Sequence[str], commands: Collection[tuple[str, ...]]) -> str:
    """Return the command that the arguments name, as it is typed: `invoke local` rather than `invoke`."""
    named = (words for words in commands if words == tuple(arguments[: len(words)]))
    return " ".join(("samlocal", *max(named, key=len, default=())))


def _about_value(message: str, kind: ParamType) -> str:
    """Return a message of the parser about a choice, a number or a boolean in plain English."""
    if isinstance(
        kind, TyperChoice
    ):  # the parser has them in lower case if that makes no difference
        return _CHOICES.sub(", ".join(f"'{choice}'" for choice in kind.choices), message)
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
