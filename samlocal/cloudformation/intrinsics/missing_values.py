"""Values that a function lacks, and template parameters that have none: how both are reported."""

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
    """What a function lacks: what is left out of it, and parameters that it can't run without.

    The properties in `replaced` come from somewhere else than the template. `notes` are about values
    that aren't left out.
    """

    def __init__(self, *, replaced: frozenset[str] = frozenset()) -> None:
        self.replaced = replaced
        self.diagnostics: list[Diagnostic] = []
        self.notes: list[Diagnostic] = []
        self.needed: dict[MissingParameter, None] = {}

    def need(self, unknown: Unknown) -> None:
        """Remember that the function can't run without a value, as far as parameters would give it."""
        self.needed.update(dict.fromkeys(unknown.missing))

    def check(self) -> None:
        """Raise if the function can't run; every parameter that it lacks is named at once.

        Raises:
            MissingParameterError: It needs parameters that have no value.
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
    """Return what there is to say of a value that is left out: `message` begins it."""
    return Diagnostic(
        message=f"{message}: {unknown.reason}",
        place=unknown.place or node.place,
        hint=unknown.hint or parameters_hint(unknown.missing),
        variables=variables,
        missing=unknown.missing,
        causes=unknown.causes,
    )


def unknown_because(error: TemplateError) -> Unknown:
    """Return why a value can't be known that something is wrong with."""
    return Unknown(reason=error.message, hint=error.hint, place=error.place)


def combined(unknowns: Sequence[Unknown]) -> Unknown:
    """Return why a value can't be known that depends on several others that can't."""
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
