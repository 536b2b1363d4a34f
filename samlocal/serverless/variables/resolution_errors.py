"""The errors of variables: what is wrong, where, and the remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.errors import VariableError
from samlocal.path_kinds import path_exists
from samlocal.serverless.variables.parts import Literal
from samlocal.serverless.variables.text_place import place_in_text
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from samlocal.documents.node import Node
    from samlocal.serverless.variables.parts import Reference, Variable, VariableSyntaxError
    from samlocal.serverless.variables.source import Variables


def malformed_variable(node: Node, error: VariableSyntaxError) -> VariableError:
    """Return the error for the text `node`, at the place inside of it where its syntax is wrong."""
    place = place_in_text(node, str(node.value), error.index)
    return VariableError(f"malformed variable: {error.reason}", place=place, hint=error.hint)


def circular_variables(node: Node, active: Iterable[Node]) -> VariableError:
    """Return the error for the text `node` that is needed to resolve itself; `active` texts are being resolved."""
    texts = list(active)
    cycle = texts[[each is node for each in texts].index(True) :]
    if len(cycle) == 1:
        return VariableError(
            f"{node.kind} refers to itself",
            place=node.place,
            hint="it needs another source: `${opt:name, 'value'}`",
        )
    steps = " → ".join(f"{each.kind} ({each.place})" for each in cycle)
    return VariableError(
        f"variables refer to each other in a circle: {steps} → {node.kind}",
        place=node.place,
        hint="one of them needs a value of its own",
    )


def too_many_levels(node: Node, levels: int) -> VariableError:
    """Return the error for values of variables that hold variables again and again."""
    return VariableError(
        f"cannot resolve {node.kind}: values of variables hold variables, more than {levels} levels deep",
        place=node.place,
        hint="a value that is text, not a variable, has `\\${` for each `${`",
    )


def too_deep(node: Node) -> VariableError:
    """Return the error for values that contain each other, too deep to resolve."""
    return VariableError(
        f"cannot resolve {node.kind}: values nest too deeply in one another",
        place=node.place,
        hint="a value that contains itself has no end",
    )


def not_text(variable: Variable, value: Node, node: Node) -> VariableError:
    """Return the error for a variable within the text `node` whose value is no use as text."""
    return VariableError(
        f"`{variable.text}` is {value.kind}, which cannot be part of a text",
        place=node.place,
        hint="only text, numbers, booleans and lists of them can be part of a text",
    )


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
    match reference.type, reference.address:
        case "file", _:
            return _missing_file(reference, variables)
        case "self", (str() as name,):
            return _similar_key(name.split("."), variables)
        case "env", (str() as name,):
            similar = did_you_mean(name, variables.environment)
            return similar or f"set the environment variable `{name}`"
        case "opt", (str() as name,):
            return f"give the option `--{name}`"
        case "param", (str() as name,):
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


def _missing_file(reference: Reference, variables: Variables) -> str | None:
    """Return a hint if the file that a source names does not exist."""
    match reference.params:
        case (Literal(value=str() as path),) | ((str() as path,),):
            exists = path_exists(variables.configuration.directory / path)
            return None if exists else f"there is no file `{path}`"
        case _:
            return None
