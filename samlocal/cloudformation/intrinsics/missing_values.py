"""Reports of values that a function lacks and of template parameters without a value."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.diagnostics import Diagnostic, parameters_hint
from samlocal.documents.node import Node, Unknown
from samlocal.errors import MissingParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.errors import MissingParameter, TemplateError


class MissingValues:
    """What a function lacks: values that are skipped, and parameters that it cannot run without.

    The properties in `replaced` are not taken from the template. `diagnostics` are about skipped
    values, `notes` about values that are used.
    """

    def __init__(self, *, replaced: frozenset[str] = frozenset()) -> None:
        self.replaced = replaced
        self.diagnostics: list[Diagnostic] = []
        self.notes: list[Diagnostic] = []
        self.needed: dict[MissingParameter, None] = {}

    def need(self, unknown: Unknown) -> None:
        """Record that the function cannot run without a value that depends on missing parameters."""
        self.needed.update(dict.fromkeys(unknown.missing))

    def check(self) -> None:
        """Raise if the function cannot run; the error names every parameter that it lacks.

        Raises:
            MissingParameterError: the function needs parameters that have no value.
        """
        if not self.needed:
            return
        needed = tuple(self.needed)
        wanted = (each for diagnostic in self.diagnostics for each in diagnostic.missing)
        raise MissingParameterError(
            _problem(needed),
            place=needed[0].place,
            hint=parameters_hint((*needed, *wanted)),
            parameters=needed,
        )


def unknown_diagnostic(
    message: str, node: Node, unknown: Unknown, *, variables: tuple[str, ...] = ()
) -> Diagnostic:
    """Return the diagnostic for an unknown value: `message` and the reason."""
    return Diagnostic(
        message=f"{message}: {unknown.reason}",
        place=unknown.place or node.place,
        hint=unknown.hint or parameters_hint(unknown.missing),
        variables=variables,
        missing=unknown.missing,
        causes=unknown.causes,
    )


def unknown_because(error: TemplateError) -> Unknown:
    """Return the unknown value that results from an error."""
    return Unknown(reason=error.message, hint=error.hint, place=error.place)


def combined(unknowns: Sequence[Unknown]) -> Unknown:
    """Return the unknown value that depends on several other unknown ones."""
    first, *others = unknowns
    if not others:
        return first
    missing = tuple(dict.fromkeys(each for unknown in unknowns for each in unknown.missing))
    causes = tuple(dict.fromkeys(each for unknown in unknowns for each in unknown.causes))
    are_missing = all(unknown.missing and not unknown.causes for unknown in unknowns)
    reason = _problem(missing) if are_missing else first.reason
    return replace(first, reason=reason, missing=missing, causes=causes)


def _problem(parameters: Sequence[MissingParameter]) -> str:
    problems = dict.fromkeys(each.problem for each in parameters)
    if len(problems) == 1 or any(each.refused for each in parameters):
        return "; ".join(problems)
    *names, last = dict.fromkeys(f"`{each.name}`" for each in parameters)
    return f"parameters {', '.join(names)} and {last} have no value"
