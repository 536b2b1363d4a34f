"""The parts of a text: literal text, and variables with their sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from samlocal.documents.node import Scalar

_HINT: Final = (
    "a variable is `${source(parameter):address, fallback}`; text has `\\${` instead of `${`"
)


class VariableSyntaxError(Exception):
    """A variable is malformed at `index` of its text."""

    def __init__(self, reason: str, index: int, *, hint: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.index = index
        self.hint = hint or _HINT


class Literal(NamedTuple):
    """A value that stands for itself: a fallback, or a parameter."""

    value: Scalar


class Reference(NamedTuple):
    """A source of a variable, and what it is asked; `text` is what is written."""

    type: str
    params: tuple[Parts | Literal, ...]
    address: Parts | None
    text: str


class Variable(NamedTuple):
    """A variable: its first source, and the fallbacks in order. `text` is what is written."""

    sources: tuple[Reference | Literal, ...]
    text: str


Parts = tuple["str | Variable", ...]
