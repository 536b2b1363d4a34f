"""A resource's properties, each resolved when it is read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from samlocal.cloudformation.intrinsics.missing_values import (
    MissingValues,
    unknown_because,
    unknown_diagnostic,
)
from samlocal.documents.node import NoValue, Unknown
from samlocal.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.cloudformation.intrinsics.provenance import Trace
    from samlocal.cloudformation.intrinsics.resolver import Resolver
    from samlocal.documents.node import Node


class Properties:
    """The properties of one resource, or of a mapping inside them.

    An unknown value counts as absent and is added to `missing`. So is a value that has an error,
    unless the function cannot run without it (`needed`).
    """

    def __init__(self, node: Node, resolver: Resolver, missing: MissingValues) -> None:
        self.node = resolver.reduce(node)
        self.resolver = resolver
        self.missing = missing
        self.entries: Mapping[str, Node] = {}
        if isinstance(self.node.value, Unknown) and self.node.value.missing:
            missing.need(self.node.value)
        elif self.node.value is not None:
            self.entries = self.node.entries("the properties")

    def without_diagnostics(self) -> Properties:
        """Return the same properties, without reports of missing values."""
        return Properties(self.node, self.resolver, MissingValues())

    def get(self, name: str, *, needed: bool = False, default: object = None) -> Node | None:
        """Return a property's resolved value; None if it is absent or unknown."""
        node = self._attempt(self.resolver.resolve, name, needed=needed)
        if node is not None and isinstance(node.value, Unknown):
            self.drop(name, node, node.value, needed=needed, default=default)
            return None
        return node

    def _attempt(self, resolve: Callable[[Node], Node], name: str, *, needed: bool) -> Node | None:
        if name not in self.entries:
            return None
        node = self.entries[name]
        try:
            node = resolve(node)
        except TemplateError as error:
            if needed:
                raise
            return node.with_value(unknown_because(error))
        return None if node.value is None or isinstance(node.value, NoValue) else node

    def drop(
        self,
        name: str,
        node: Node,
        unknown: Unknown,
        *,
        needed: bool = False,
        default: object = None,
    ) -> None:
        """Report that a property with an unknown value is skipped, or gets its default.

        The function cannot run without a `needed` property whose value parameters would give.
        """
        if name in self.missing.replaced:
            return
        if needed and unknown.missing:
            self.missing.need(unknown)
            return
        uses_default = default is not None
        message = (
            f"using the default {default} for `{name}`" if uses_default else f"skipping `{name}`"
        )
        self.missing.diagnostics.append(unknown_diagnostic(message, node, unknown))

    def text(self, name: str, *, needed: bool = False) -> str | None:
        node = self.get(name, needed=needed)
        return node.text(f"`{name}`") if node else None

    def process_text(self, name: str, *, needed: bool = False) -> str | None:
        """Return a text that a process gets as an argument or in a variable; None if it is absent or unknown.

        Raises:
            TemplateError: The property is something else, or has a NUL, which no process can get.
        """
        text = self.text(name, needed=needed)
        if text and "\0" in text:
            raise TemplateError(f"`{name}` has a NUL character", place=self.entries[name].place)
        return text

    def choice(self, name: str, allowed: tuple[str, ...]) -> str | None:
        """Return one of the allowed texts, or None if the property is absent or unknown.

        Raises:
            TemplateError: The property is something else.
        """
        node = self.get(name)
        text = node.text(f"`{name}`") if node else None
        if node is None or text in allowed:
            return text
        *most, last = allowed
        expected = f"{', '.join(most)} or {last}" if most else last
        raise TemplateError(f"`{name}` must be {expected}, not `{text}`", place=node.place)

    def items(self, name: str, *, needed: bool = False, default: object = None) -> tuple[Node, ...]:
        """Return the items of a list; CloudFormation takes a single value for a list of one."""
        node = self.get(name, needed=needed, default=default)
        if node is None:
            return ()
        return (node,) if node.optional_text() is not None else node.items(f"`{name}`")

    def known_items(
        self, name: str, *, needed: bool = False, default: object = None
    ) -> tuple[Node, ...]:
        """Return the known items of a list; report the others."""
        known = []
        for item in self.items(name, needed=needed, default=default):
            if isinstance(item.value, Unknown) and (item.value.missing or not needed):
                self.drop(name, item, item.value, needed=needed, default=default)
            else:
                known.append(item)
        return tuple(known)

    def texts(self, name: str, *, needed: bool = False) -> tuple[str, ...]:
        items = self.known_items(name, needed=needed)
        return tuple(item.text(f"an item of `{name}`") for item in items)

    def integer(self, name: str, default: int, *, least: int, most: int) -> int:
        """Return a whole number between `least` and `most`.

        Raises:
            TemplateError: the property is something else.
        """
        number = self._limited(name, default, (least, most), is_whole=True)
        return default if number is None else int(number)

    def optional_integer(self, name: str, *, least: int, most: float = math.inf) -> int | None:
        """Return a whole number between `least` and `most`; None if the property is absent or unknown.

        Raises:
            TemplateError: the property is something else.
        """
        number = self._limited(name, None, (least, most), is_whole=True)
        return None if number is None else int(number)

    def number(self, name: str, default: float, *, least: int, most: int) -> float:
        """Return a number between `least` and `most`.

        Raises:
            TemplateError: the property is something else.
        """
        number = self._limited(name, default, (least, most), is_whole=False)
        return default if number is None else number

    def _limited(
        self, name: str, default: float | None, limits: tuple[int, float], *, is_whole: bool
    ) -> float | None:
        node = self.get(name, default=default)
        if node is None:
            return None
        text = node.text(f"`{name}`")
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        least, most = limits
        if not least <= number <= most or (is_whole and not number.is_integer()):
            kind = "a whole number" if is_whole else "a number"
            bounds = f"from {least} to {most}" if math.isfinite(most) else f"of at least {least}"
            raise TemplateError(f"`{name}` must be {kind} {bounds}, not `{text}`", place=node.place)
        return number

    def mapping(self, name: str, *, needed: bool = False) -> Properties | None:
        """Return the mapping under `name` as properties; None if it is absent."""
        node = self._attempt(self.resolver.reduce, name, needed=needed)
        if node is None:
            return None
        if isinstance(node.value, Unknown):
            self.drop(name, node, node.value, needed=needed)
            return None
        node.entries(f"`{name}`")
        return Properties(node, self.resolver, self.missing)

    def mappings(self, name: str, what: str) -> tuple[Properties, ...]:
        """Return the mappings of a list as properties; `what` names an item in errors."""
        node = self._attempt(self.resolver.reduce, name, needed=False)
        if node is None:
            return ()
        items = (node,) if isinstance(node.value, Unknown) else node.items(f"`{name}`")
        mappings = []
        for item in map(self.resolver.reduce, items):
            if isinstance(item.value, Unknown):
                self.drop(name, item, item.value)
            elif not isinstance(item.value, NoValue):
                item.entries(what)
                mappings.append(Properties(item, self.resolver, self.missing))
        return tuple(mappings)

    def declared(self) -> dict[str, tuple[Node, tuple[Trace, ...]]]:
        """Return all entries, resolved, with the sources of their values and the diagnostics about them.

        A value that has an error is unknown.
        """
        provenance = self.resolver.scope.external.provenance
        values = {name: provenance.of(self._lenient, node) for name, node in self.entries.items()}
        return {
            name: (node, traces)
            for name, (node, traces) in values.items()
            if not isinstance(node.value, NoValue)
        }

    def _lenient(self, node: Node) -> Node:
        try:
            return self.resolver.resolve(node)
        except TemplateError as error:
            return node.with_value(unknown_because(error))
