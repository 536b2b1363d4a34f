"""Command lines that the option parser can't take as they are."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

PARAMETER_OVERRIDES: Final = "--parameter-overrides"
# What sam takes before the command as well.
_LEADING: Final = frozenset({"--debug", "--beta-features", "--no-beta-features"})


def move_leading_options(arguments: Sequence[str]) -> list[str]:
    """Put options that stand before the command behind it, where they belong."""
    leading = list(takewhile(_LEADING.__contains__, arguments))
    rest = arguments[len(leading) :]
    command = list(takewhile(lambda word: not word.startswith("-"), rest))
    return [*command, *leading, *rest[len(command) :]] if command else list(arguments)


def repeat_parameter_overrides(arguments: Sequence[str]) -> list[str]:
    """Put the option before each of its words: `--parameter-overrides A=1 B=2` takes any number.

    The words of the option end at the next option, or at the first word that is no override, so
    that `--parameter-overrides A=1 Ratings` still names a function (sam swallows it).
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
