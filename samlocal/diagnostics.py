"""Diagnostics: warnings about a project or a function."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from samlocal.errors import MissingParameter, Place, SamlocalError


@frozen
class Diagnostic:
    """Something that was dropped, guessed or may surprise: shown once on stderr.

    `variables` are the environment variables that it is about: it is irrelevant if all of them get
    their values from elsewhere. `missing` are the parameters that would mend it. `causes` are shown
    before it, each once.
    """

    message: str
    place: Place | None = None
    hint: str | None = None
    variables: tuple[str, ...] = ()
    missing: tuple[MissingParameter, ...] = ()
    causes: tuple[Diagnostic, ...] = ()


def error_diagnostic(error: SamlocalError, *, function: str | None = None) -> Diagnostic:
    """Return an error as a diagnostic; `function` is the name of the function that cannot run because of it."""
    message = f"`{function}` cannot run: {error.message}" if function else error.message
    return Diagnostic(message=message, place=error.place, hint=error.hint)


def relevant_diagnostics(
    diagnostics: Iterable[Diagnostic], *, given: Container[str]
) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of a function whose environment has the variables `given` anyway.

    The common cause of several diagnostics comes once, before the first. One hint names all missing
    parameters: the last hint that would name any of them.
    """
    missed = (
        diagnostic
        for diagnostic in diagnostics
        if not diagnostic.variables or any(name not in given for name in diagnostic.variables)
    )
    kept = list(
        dict.fromkeys(each for diagnostic in missed for each in (*diagnostic.causes, diagnostic))
    )
    hint = parameters_hint(each for diagnostic in kept for each in diagnostic.missing)
    said: list[Diagnostic] = []
    for diagnostic in reversed(kept):
        if diagnostic.missing and diagnostic.hint == parameters_hint(diagnostic.missing):
            said.append(replace(diagnostic, hint=hint))
            hint = None
        else:
            said.append(diagnostic)
    return tuple(reversed(said))


def merge_diagnostics(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return each diagnostic once; those that differ only in their variables become one."""
    by_text: dict[Diagnostic, list[tuple[str, ...]]] = {}
    for diagnostic in diagnostics:
        by_text.setdefault(replace(diagnostic, variables=()), []).append(diagnostic.variables)
    return tuple(
        replace(diagnostic, variables=tuple(name for names in about for name in names))
        if all(about)
        else diagnostic
        for diagnostic, about in by_text.items()
    )


def parameters_hint(parameters: Iterable[MissingParameter]) -> str | None:
    """Return the hint that gives values to all of some parameters."""
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
