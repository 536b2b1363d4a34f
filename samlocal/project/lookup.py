"""Finding a function by an identifier, which may match no function or several."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from samlocal.errors import AmbiguousFunctionError, FunctionNotFoundError
from samlocal.suggestions import did_you_mean, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.function import FunctionEntry


# A function name or ARN as Lambda takes it, after the path of its stack:
# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestParameters
_QUALIFIED = r"""
    (?P<stack> (?: [^:]+/ )? )
    (?: (?: arn:[^:]+:lambda: )? (?: [a-z0-9-]*: )? \d{12}: function: )?
    (?P<name> [^:/]+ )
    (?: : (?P<qualifier> \$LATEST | [\w-]+ ) )?
"""


def find(functions: Sequence[FunctionEntry], identifier: str | None) -> FunctionEntry:
    """Return the function that `identifier` names; None means the only function.

    A full path is unique and comes first. Any other identifier must match exactly one function. It may
    also be an ARN, part of one, and end in a qualifier: see `split_identifier`.

    Raises:
        FunctionNotFoundError: no function matches.
        AmbiguousFunctionError: several match.
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
            f"`{identifier}` matches {len(matches)} functions",
            hint=f"use a full path: {quoted(match.full_path for match in matches)}",
        )
    raise FunctionNotFoundError(
        f"no function `{identifier}`", hint=_suggestion(functions, identifier)
    )


def split_identifier(identifier: str) -> tuple[str, str | None]:
    """Return the function name and the qualifier in an identifier, which may be an ARN.

    `Ratings`, `Ratings:live`, `123456789012:function:Ratings` and
    `arn:aws:lambda:eu-west-1:123456789012:function:Ratings:live` name the same function. Each may follow
    the path of a nested stack. Region and account are ignored, because the function runs locally.
    """
    # Compiled here: few commands need it.
    match = re.fullmatch(_QUALIFIED, identifier, re.VERBOSE | re.ASCII)
    return (match["stack"] + match["name"], match["qualifier"]) if match else (identifier, None)


def qualifier_in(identifier: str | None, function: FunctionEntry) -> str | None:
    """Return the qualifier in the identifier that `function` was found by."""
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
