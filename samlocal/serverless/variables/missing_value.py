"""The error for a variable that none of its sources has a value for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.errors import VariableError
from samlocal.serverless.variables.syntax import Literal
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.variables.source import Variables
    from samlocal.serverless.variables.syntax import Reference, Variable


def missing_value(variable: Variable, node: Node, variables: Variables) -> VariableError:
    """Return the error for a variable in the text `node`, with the remedy of its first source."""
    references = [each for each in variable.sources if not isinstance(each, Literal)]
    asked = " and ".join(f"`{each.text}`" for each in references)
    have = "have no value" if len(references) > 1 else "has no value"
    hints = [_remedy(references[0], variables)]
    if len(references) == 1:
        hints.append(f"give it a fallback: `{variable.text[:-1]}, 'value'}}`")
    return VariableError(
        f"cannot resolve `{variable.text}`: {asked} {have}",
        place=node.place,
        hint="; ".join(hint for hint in hints if hint) or None,
    )


def _remedy(reference: Reference, variables: Variables) -> str | None:
    address = reference.address
    if address is None or len(address) != 1 or not isinstance(address[0], str):
        return None
    name = address[0]
    match reference.type:
        case "self":
            return _similar_key(name.split("."), variables)
        case "env":
            similar = did_you_mean(name, variables.environment)
            return similar or f"set the environment variable `{name}`"
        case "opt":
            return f"give the option `--{name}`"
        case "param":
            return f"give it with `--param {name}=…`, or under `params` in the configuration"
        case _:
            return None


def _similar_key(path: list[str], variables: Variables) -> str | None:
    """Return a hint with the path whose first unknown key is replaced by a similar one."""
    for end in range(len(path)):
        if variables.at(*path[: end + 1]) is None:
            parent = variables.at(*path[:end])
            keys = parent.value if parent is not None and isinstance(parent.value, dict) else ()
            known = [".".join((*path[:end], key)) for key in keys]
            return did_you_mean(".".join(path[: end + 1]), known)
    return None
