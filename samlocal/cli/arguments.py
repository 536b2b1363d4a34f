"""Rewrites command lines that the option parser does not support."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEBUG_OF_SERVERLESS: Final = re.compile(r"--debug=.*", re.DOTALL)  # with what to show, such as `*`
PARAMETER_OVERRIDES: Final = "--parameter-overrides"
# Options that sam also accepts before the command.
_LEADING: Final = frozenset({"--debug", "--beta-features", "--no-beta-features"})


def move_leading_options(arguments: Sequence[str]) -> list[str]:
    """Move options from before the command to behind it."""
    arguments = _without_debug_namespace(arguments)
    leading = list(takewhile(_LEADING.__contains__, arguments))
    rest = arguments[len(leading) :]
    command = list(takewhile(lambda word: not word.startswith("-"), rest))
    return [*command, *leading, *rest[len(command) :]] if command else list(arguments)


def _without_debug_namespace(arguments: Sequence[str]) -> list[str]:
    """Return the arguments of `invoke` with `--debug=NAMESPACE` as `--debug`."""
    if arguments[:1] != ["invoke"]:
        return [*arguments]
    return ["--debug" if _DEBUG_OF_SERVERLESS.fullmatch(each) else each for each in arguments]


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
