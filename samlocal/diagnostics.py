"""What is said about a project or a function that is no error."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from samlocal.errors import MissingParameter, Place


@frozen
class Diagnostic:
    """Something that was dropped, guessed or is about to surprise: said once on stderr.

    `variables` are the environment variables that it is about, if it is: nobody wants to hear of it
    where all of them have their values from elsewhere. `missing` are the parameters that would mend it, and
    `causes` are to be said before it, once.
    """

    message: str
    place: Place | None = None
    hint: str | None = None
    variables: tuple[str, ...] = ()
    missing: tuple[MissingParameter, ...] = ()
    causes: tuple[Diagnostic, ...] = ()


def relevant_diagnostics(
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


def parameters_hint(parameters: Iterable[MissingParameter]) -> str | None:
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
