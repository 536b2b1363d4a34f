"""`--env KEY=VALUE`, as often as one likes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse_assignments(texts: Sequence[str]) -> dict[str, str]:
    """Return the variables that `KEY=VALUE` texts assign; of a key that is given twice, the last.

    Raises:
        UsageError: a text is no assignment, or no process can be given the variable.
    """
    variables = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise UsageError(
                f"`--env {text}` is not `KEY=VALUE`", hint="for an empty value, write `KEY=`"
            )
        if "\0" in text:
            raise UsageError(f"`--env {name}` has a NUL", hint="a variable can't contain it")
        variables[name] = value
    return variables
