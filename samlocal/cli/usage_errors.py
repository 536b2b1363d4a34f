"""What the option parser refuses, in our words; imported only then."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

# typer's own copy of Click has no public name; the bounds of the dependency hold it in place.
from typer._click.exceptions import NoArgsIsHelpError, NoSuchOption, UsageError

from samlocal.cli.console import print_status, show_error
from samlocal.suggestions import ask_for

if TYPE_CHECKING:
    from typer.exceptions import TyperException

_LISTED = re.compile(r"'\[('[^]]*')\]'")  # its own quotes around those of a list
_QUOTED = re.compile(r"'([^']*)'")
_OPTION = re.compile(r"No such option: (?P<name>\S+)")


def show_usage_error(error: TyperException) -> None:
    """Show one message and its hint; a group of commands without a command shows its help."""
    if isinstance(error, NoArgsIsHelpError):
        print_status(error.format_message())
        return
    message = error.message if isinstance(error, NoSuchOption) else error.format_message()
    message = _OPTION.sub(r"no such option: `\g<name>`", message)
    message = _LISTED.sub(r"\1", message)
    message = _QUOTED.sub(r"`\1`", message).rstrip(".")
    show_error(message[:1].lower() + message[1:], hint=_hint(error))


def _hint(error: TyperException) -> str:
    if isinstance(error, NoSuchOption) and error.possibilities:
        return ask_for(*sorted(error.possibilities))
    context = error.ctx if isinstance(error, UsageError) else None
    return f"`{context.command_path if context else 'samlocal'} --help` shows what there is"
