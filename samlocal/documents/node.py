"""Nodes: the values of a document, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from samlocal.errors import Place, TemplateError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.diagnostics import Diagnostic
    from samlocal.errors import MissingParameter

_SHOWN: Final = 80  # characters of a value in a message
MAX_DEPTH: Final = 100  # of values in one another

Scalar = str | int | float | bool | None


@frozen
class Unknown:
    """A value that cannot be resolved on this machine, and why.

    `place` is where the reason is, if that is elsewhere. `missing` are parameters without a value that
    it depends on. `causes` are diagnostics that are shown before it, each once.
    """

    reason: str
    hint: str | None = None
    place: Place | None = None
    missing: tuple[MissingParameter, ...] = ()
    causes: tuple[Diagnostic, ...] = ()


class NoValue:
    """The value of `AWS::NoValue`: it removes the key or item that has it."""

    def __repr__(self) -> str:
        return "AWS::NoValue"


NO_VALUE: Final = NoValue()

Value = Scalar | tuple["Node", ...] | Mapping[str, "Node"] | Unknown | NoValue


class Node:
    """One value of a document, and its place. Nodes are immutable.

    `value` is a scalar, a tuple of nodes, a mapping of nodes by key or, once resolved, `Unknown` or
    `NO_VALUE`. Short forms (`!Sub x`) are long ones here (`{"Fn::Sub": x}`). `keys` holds the nodes
    of a mapping's keys, for their places.
    """

    __slots__ = ("column", "keys", "line", "path", "value")

    def __init__(
        self,
        value: Value,
        path: Path,
        line: int,
        column: int,
        keys: Mapping[str, Node] | None = None,
    ) -> None:
        self.value = value
        self.path = path
        self.line = line
        self.column = column
        self.keys = keys

    def __repr__(self) -> str:
        return f"<Node {self.place} {self.plain()!r}>"

    @property
    def place(self) -> Place:
        return Place(self.path, self.line + 1, self.column + 1)

    def with_value(self, value: Value) -> Node:
        """Return a node with another value at the same place."""
        return Node(value, self.path, self.line, self.column)

    def with_data(self, data: object) -> Node:
        """Return plain data (scalars, lists, dicts) as nodes at the same place."""
        match data:
            case dict():
                return self.with_value({str(k): self.with_data(v) for k, v in data.items()})
            case list() | tuple():
                return self.with_value(tuple(self.with_data(item) for item in data))
            case None | str() | int() | float():
                return self.with_value(data)
            case _:
                return self.with_value(str(data))

    def get(self, key: str) -> Node | None:
        """Return the value of `key`; None if it is missing or the node is not a mapping."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def place_of(self, key: str) -> Place:
        """Return the place of `key` itself, not of its value."""
        return self.keys[key].place if self.keys and key in self.keys else self.place

    def entries(self, what: str) -> Mapping[str, Node]:
        """Return the entries of a mapping; `what` names it in the error if it is not one."""
        if isinstance(self.value, dict):
            return self.value
        raise TemplateError(f"{what} must be a mapping, not {self.kind}", place=self.place)

    def items(self, what: str) -> tuple[Node, ...]:
        """Return the items of a list; `what` names it in the error if it is not one."""
        if isinstance(self.value, tuple):
            return self.value
        raise TemplateError(f"{what} must be a list, not {self.kind}", place=self.place)

    def text(self, what: str) -> str:
        """Return a scalar as text; `what` names it in the error if it is not one."""
        text = self.optional_text()
        if text is None:
            raise TemplateError(f"{what} must be a string, not {self.kind}", place=self.place)
        return text

    def optional_text(self) -> str | None:
        """Return a scalar as text; None if it is empty or the node is not a scalar."""
        return scalar_text(self.value) if isinstance(self.value, str | int | float) else None

    @property
    def kind(self) -> str:
        """The value as a message describes it."""
        match self.value:
            case dict():
                return "a mapping"
            case tuple():
                return "a list"
            case None:
                return "empty"
            case Unknown() as unknown:
                return f"a value that cannot be resolved locally ({unknown.reason})"
            case str() | int() | float():
                text = scalar_text(self.value)
                return f"`{text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}`"
            case _:
                return "AWS::NoValue"

    def plain(self) -> object:
        """Return the value as plain Python data; an unknown value is None."""
        match self.value:
            case dict():
                return {key: entry.plain() for key, entry in self.value.items()}
            case tuple():
                return [node.plain() for node in self.value]
            case Unknown() | NoValue():
                return None
            case _:
                return self.value


def scalar_text(value: str | float) -> str:
    """Return the text of a scalar as CloudFormation and sam write it into a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@frozen
class DuplicateKey:
    """A key that a mapping has twice; the later one counts, as in sam."""

    key: str
    place: Place
    earlier: Place
