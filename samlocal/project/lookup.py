"""Which function an identifier means, and what to say when it means none or several."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from samlocal.errors import AmbiguousFunctionError, FunctionNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from samlocal.project.model import FunctionEntry

_LISTED = 20
_LONGEST_NAME = 255  # of what is worth comparing

# What Lambda takes for a function, below the stack that it is in:
# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestParameters
_QUALIFIED = r"""
    (?P<stack> (?: [^:]+/ )? )
    (?: (?: arn:[^:]+:lambda: )? (?: [a-z0-9-]*: )? \d{12}: function: )?
    (?P<name> [^:/]+ )
    (?: : (?P<qualifier> \$LATEST | [\w-]+ ) )?
"""


def find(functions: Sequence[FunctionEntry], identifier: str | None) -> FunctionEntry:
    """Return the function that `identifier` names, or the only one if it is None.

    A full path is unique and comes first. Any other identifier must fit one function only. It may
    also be an ARN, part of one, and end in a qualifier: see `split_identifier`.

    Raises:
        FunctionNotFoundError: no function fits.
        AmbiguousFunctionError: several do.
    """
    if identifier is None:
        return _only(functions)
    if not any(identifier in function.identifiers for function in functions):
        identifier, _ = split_identifier(identifier)
    for function in functions:
        if function.full_path == identifier:
            return function
    matches = [function for function in functions if identifier in function.identifiers]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise AmbiguousFunctionError(
            f"`{identifier}` names {len(matches)} functions",
            hint=f"use a full path: {quoted(match.full_path for match in matches)}",
        )
    raise FunctionNotFoundError(
        f"no function `{identifier}`", hint=_suggestion(functions, identifier)
    )


def split_identifier(identifier: str) -> tuple[str, str | None]:
    """Return a function's name and its qualifier, without the rest of its ARN.

    `Ratings`, `Ratings:live`, `123456789012:function:Ratings` and
    `arn:aws:lambda:eu-west-1:123456789012:function:Ratings:live` name the same function, also after
    the path of a nested stack. Region and account say nothing about a function that runs here.
    """
    # Compiled here: few need it, and all would wait for it.
    match = re.fullmatch(_QUALIFIED, identifier, re.VERBOSE | re.ASCII)
    return (match["stack"] + match["name"], match["qualifier"]) if match else (identifier, None)


def qualifier_in(identifier: str | None, function: FunctionEntry) -> str | None:
    """Return the qualifier at the end of the identifier that a function was found by."""
    if identifier is None or identifier in function.identifiers:
        return None
    return split_identifier(identifier)[1]


def _only(functions: Sequence[FunctionEntry]) -> FunctionEntry:
    if len(functions) == 1:
        return functions[0]
    if not functions:
        raise FunctionNotFoundError("the template has no functions")
    raise AmbiguousFunctionError(
        f"the template has {len(functions)} functions",
        hint=f"name one: {quoted(function.full_path for function in functions)}",
    )


def _suggestion(functions: Sequence[FunctionEntry], identifier: str) -> str:
    if not functions:
        return "the template has no functions"
    if close := did_you_mean(identifier, (name for f in functions for name in f.identifiers)):
        return close
    return f"the template has {quoted(function.full_path for function in functions)}"


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return a hint that names what `name` was probably meant to be, if something comes close."""
    from difflib import get_close_matches  # noqa: PLC0415  # only a mistake needs it

    if len(name) > _LONGEST_NAME:
        return None
    by_folded = {candidate.casefold(): candidate for candidate in known}
    close = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f"did you mean `{by_folded[close[0]]}`?" if close else None


def quoted(names: Iterable[str]) -> str:
    """Return names as a list for a message, cut where it gets too long to read."""
    every = sorted(names, key=str.casefold)
    listed = ", ".join(f"`{name}`" for name in every[:_LISTED])
    return f"{listed} and {len(every) - _LISTED} more" if len(every) > _LISTED else listed
