"""What is said of values that a function lacks, and of template parameters that have none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.diagnostics import Diagnostic
from samlocal.documents.node import Node, Unknown
from samlocal.errors import MissingParameterError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from samlocal.errors import MissingParameter, TemplateError


class Gaps:
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
            hint=remedy((*needed, *wanted)),
            parameters=needed,
        )


def gap(
    message: str, node: Node, unknown: Unknown, *, variables: tuple[str, ...] = ()
) -> Diagnostic:
    """Return what there is to say of a value that is left out: `message` begins it."""
    return Diagnostic(
        message=f"{message}: {unknown.reason}",
        place=unknown.place or node.place,
        hint=unknown.hint or remedy(unknown.missing),
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


def remedy(parameters: Iterable[MissingParameter]) -> str | None:
    """Return the one line that gives all of some parameters their values."""
    every = list(dict.fromkeys(parameters))
    names = list(dict.fromkeys(each.name for each in every if each.nested_in is None))
    parts: list[str] = []
    if names:
        words = "give it one" if len(every) == 1 else "give them values"
        line = " ".join(f"{name}=…" for name in names)
        parts.append(f"{words}: --parameter-overrides {line}")
    for each in every:
        if each.nested_in is not None:
            parts.append(f"the nested stack `{each.nested_in}` must be given `{each.name}`")
        if each.hint is not None:
            parts.append(f"`{each.name}`: {each.hint}")
    return "; ".join(parts) or None


def merged(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return diagnostics, each once; one that is about several variables is about all of them."""
    by_text: dict[Diagnostic, list[tuple[str, ...]]] = {}
    for diagnostic in diagnostics:
        by_text.setdefault(replace(diagnostic, variables=()), []).append(diagnostic.variables)
    return tuple(
        replace(diagnostic, variables=tuple(name for names in about for name in names))
        if all(about)
        else diagnostic
        for diagnostic, about in by_text.items()
    )


def worth_saying(
    diagnostics: Iterable[Diagnostic], *, given: Container[str]
) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of a function whose environment has the variables `given` after all.

    What causes several of them is said once, before the first. All parameters that are missing stand
    in one hint, the last one that would name any of them.
    """
    missed = (
        diagnostic
        for diagnostic in diagnostics
        if not diagnostic.variables or any(name not in given for name in diagnostic.variables)
    )
    kept = list(
        dict.fromkeys(each for diagnostic in missed for each in (*diagnostic.causes, diagnostic))
    )
    hint = remedy(each for diagnostic in kept for each in diagnostic.missing)
    said: list[Diagnostic] = []
    for diagnostic in reversed(kept):
        if diagnostic.missing and diagnostic.hint == remedy(diagnostic.missing):
            said.append(replace(diagnostic, hint=hint))
            hint = None
        else:
            said.append(diagnostic)
    return tuple(reversed(said))


def _problem(parameters: Sequence[MissingParameter]) -> str:
    problems = dict.fromkeys(each.problem for each in parameters)
    if len(problems) == 1 or any(each.refused for each in parameters):
        return "; ".join(problems)
    *names, last = dict.fromkeys(f"`{each.name}`" for each in parameters)
    return f"parameters {', '.join(names)} and {last} have no value"
