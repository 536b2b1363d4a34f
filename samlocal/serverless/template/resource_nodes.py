"""Resources of a template, made of nodes that keep the places of the configuration."""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.documents.node import Node


class ResourceBuilder:
    """Collects the properties of one resource; what has no place of its own gets that of `at`."""

    def __init__(self, resource_type: str, at: Node) -> None:
        self._type = resource_type
        self._at = at
        self._properties: dict[str, Node] = {}
        self._attributes: dict[str, Node] = {}

    def add(self, name: str, node: Node | None) -> None:
        """Add a property, unless it has no value."""
        if node is not None:
            self._properties[name] = node

    def add_text(self, name: str, text: str) -> None:
        self._properties[name] = self._at.with_value(text)

    def add_data(self, name: str, data: object) -> None:
        """Add a property of plain data, whose parts may be nodes."""
        self._properties[name] = self.nodes(data)

    def set_attribute(self, name: str, node: Node | None) -> None:
        """Set an attribute beside the properties, such as `Condition`, unless it has no value."""
        if node is not None:
            self._attributes[name] = node

    def nodes(self, data: object) -> Node:
        """Return plain data, whose parts may be nodes, as a node."""
        match data:
            case Node():
                return data
            case Mapping():
                return self._at.with_value({key: self.nodes(each) for key, each in data.items()})
            case list() | tuple():
                return self._at.with_value(tuple(self.nodes(each) for each in data))
            case _:
                return self._at.with_data(data)

    def node(self) -> Node:
        """Return the resource."""
        properties = Node(
            self._properties, self._at.path, self._at.line, self._at.column, dict(self._properties)
        )
        return self._at.with_value(
            {
                "Type": self._at.with_value(self._type),
                **self._attributes,
                "Properties": properties,
            }
        )
