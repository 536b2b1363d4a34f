"""`--env KEY=VALUE`, given any number of times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse_assignments(texts: Sequence[str]) -> dict[str, str]:
    """Return the variables that `KEY=VALUE` texts assign; the last of several values for a key applies.

    Raises:
        UsageError: a text is not an assignment, or contains a NUL byte.
    """
    variables = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise UsageError(
                f"`--env {text}` is not `KEY=VALUE`", hint="for an empty value, write `KEY=`"
            )
        if "\0" in text:
            raise UsageError(
                f"`--env {name}` contains a NUL byte", hint="a variable cannot contain it"
            )
        variables[name] = value
    return variables
