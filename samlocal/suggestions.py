"""Hints that suggest a similar name, list the known names, or install what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_LISTED: Final = 20
_LONGEST_NAME: Final = 255  # the longest names worth comparing


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return a hint with the known name closest to `name`, if one is close."""
    match = closest(name, known)
    return None if match is None else ask_for(match)


def ask_for(*names: str) -> str:
    """Return a hint that asks whether one of these names was meant."""
    return f"did you mean {', '.join(f'`{name}`' for name in names)}?"


def installation_of_extra(extra: str) -> str:
    """Return the command that installs an extra of samlocal, for a hint."""
    return f"`pip install '.[{extra}]'` in a checkout of samlocal"


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to `name`, ignoring case; None if none is close."""
    from difflib import get_close_matches  # noqa: PLC0415  # only needed for a mistake

    if len(name) > _LONGEST_NAME:
        return None
    by_folded = {candidate.casefold(): candidate for candidate in known}
    matches = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def quoted(names: Iterable[str]) -> str:
    """Return names as a list for a message, cut if it is too long."""
    every = sorted(names, key=str.casefold)
    listed = ", ".join(f"`{name}`" for name in every[:_LISTED])
    return f"{listed} and {len(every) - _LISTED} more" if len(every) > _LISTED else listed
