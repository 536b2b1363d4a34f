"""Rewrites command lines that the option parser does not support."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# https://github.com/serverless/serverless/blob/v3.40.0/lib/cli/param-reg-exp.js
_SHORT_WITH_VALUE: Final = re.compile(r"(?P<option>-[A-Za-z])=(?P<value>.*)", re.DOTALL)
PARAMETER_OVERRIDES: Final = "--parameter-overrides"
# Options that sam also accepts before the command.
_LEADING: Final = frozenset({"--debug", "--beta-features", "--no-beta-features"})


def move_leading_options(arguments: Sequence[str]) -> list[str]:
    """Move options from before the command to behind it; those of `invoke` are in the form of all others then."""
    if arguments[:1] == ["invoke"]:
        arguments = [*_in_usual_form(arguments)]
    leading = list(takewhile(_LEADING.__contains__, arguments))
    rest = arguments[len(leading) :]
    command = list(takewhile(lambda word: not word.startswith("-"), rest))
    return [*command, *leading, *rest[len(command) :]] if command else list(arguments)


def _in_usual_form(arguments: Sequence[str]) -> Iterator[str]:
    """Yield the arguments of a command of Serverless, with `-f=NAME` as `-f NAME` and `--debug *` as `--debug`."""
    previous = None
    for argument in arguments:
        is_namespace = previous == "--debug" and not argument.startswith("-")
        previous = argument
        if is_namespace:
            continue
        if match := _SHORT_WITH_VALUE.fullmatch(argument):
            yield match["option"]
            yield match["value"]
        else:
            yield "--debug" if argument.startswith("--debug=") else argument


def repeat_parameter_overrides(arguments: Sequence[str]) -> list[str]:
    """Repeat the option before each of its values: `--parameter-overrides A=1 B=2` takes any number.

    The values end at the next option, or at the first word that is not an override, so that `--parameter-overrides A=1 Ratings` still names a function (sam swallows it).
    """
    rewritten: list[str] = []
    taking = False
    for argument in arguments:
        if argument == PARAMETER_OVERRIDES:
            taking = True
        elif taking and _is_override(argument):
            rewritten += [PARAMETER_OVERRIDES, argument]
        else:
            taking = False
            rewritten.append(argument)
    return rewritten


def _is_override(argument: str) -> bool:
    return not argument.startswith("-") and ("=" in argument or argument.startswith("file://"))
