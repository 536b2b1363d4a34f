"""A resource's properties, resolved one by one as they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.errors import TemplateError
from samlocal.project.model import Finding
from samlocal.project.node import NoValue, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.project.node import Node
    from samlocal.project.resolver import Resolver


class Properties:
    """The properties of one resource, or a mapping inside them.

    What can't be known here counts as absent and is added to `findings`.
    """

    def __init__(self, node: Node, resolver: Resolver, findings: list[Finding]) -> None:
        self.node = resolver.reduce(node)
        self.resolver = resolver
        self.findings = findings
        self.entries: Mapping[str, Node] = (
            {} if self.node.value is None else self.node.entries("the properties")
        )

    def get(self, name: str) -> Node | None:
        """Return a property's value, resolved; None where there is none, or none that is known."""
        if name not in self.entries:
            return None
        node = self.resolver.resolve(self.entries[name])
        if isinstance(node.value, Unknown):
            self.drop(name, node, node.value)
            return None
        return None if node.value is None or isinstance(node.value, NoValue) else node

    def drop(self, name: str, node: Node, unknown: Unknown) -> None:
        """Say that a property is left out because its value can't be known here."""
        message = f"`{name}` is left out: {unknown.reason}"
        self.findings.append(Finding(message=message, place=node.place, hint=unknown.hint))

    def text(self, name: str) -> str | None:
        node = self.get(name)
        return node.text(f"`{name}`") if node else None

    def items(self, name: str) -> tuple[Node, ...]:
        """Return the items of a list; CloudFormation takes a single value for a list of one."""
        node = self.get(name)
        if node is None:
            return ()
        return (node,) if node.optional_text() is not None else node.items(f"`{name}`")

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(item.text(f"an item of `{name}`") for item in self.items(name))

    def integer(self, name: str, default: int, *, least: int, most: int) -> int:
        """Return a number between `least` and `most`.

        Raises:
            TemplateError: the property is something else.
        """
        node = self.get(name)
        if node is None:
            return default
        text = node.text(f"`{name}`")
        try:
            number = int(float(text)) if float(text).is_integer() else None
        except ValueError:
            number = None
        if number is None or not least <= number <= most:
            raise TemplateError(
                f"`{name}` must be a whole number from {least} to {most}, not `{text}`",
                place=node.place,
            )
        return number

    def mapping(self, name: str) -> Properties | None:
        """Return the mapping under `name`, to be asked for its own entries; None if absent."""
        if name not in self.entries:
            return None
        node = self.resolver.reduce(self.entries[name])
        if isinstance(node.value, Unknown):
            self.drop(name, node, node.value)
            return None
        if node.value is None or isinstance(node.value, NoValue):
            return None
        node.entries(f"`{name}`")
        return Properties(node, self.resolver, self.findings)
