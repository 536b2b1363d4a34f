"""Transforms, which are expanded before values are resolved: `AWS::Include` and `Fn::ForEach`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.intrinsics.missing_values import unknown_diagnostic
from samlocal.documents.node import Node, Unknown
from samlocal.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.cloudformation.intrinsics.scope import NodeResolver

TRANSFORM: Final = "Fn::Transform"
INCLUDE: Final = "AWS::Include"
_FOR_EACH: Final = "Fn::ForEach::"
_MAX_ITEMS: Final = 1_000
_MAX_ENTRIES: Final = 20_000


def needs_expansion(node: Node) -> bool:
    """Return whether a mapping has loops or transforms."""
    return isinstance(node.value, dict) and any(
        key == TRANSFORM or key.startswith(_FOR_EACH) for key in node.value
    )


def expand(node: Node, resolver: NodeResolver) -> Node:
    """Return a mapping with its loops and includes expanded.

    The result of a lone transform may be any value; beside other entries it must be a mapping. What adds unknown entries
    stays a key, whose node is unknown: see `lost_entries`.

    Raises:
        TemplateError: a loop or an include is malformed.
    """
    entries = node.entries("a mapping")
    if len(entries) == 1 and TRANSFORM in entries:
        return _transform(entries[TRANSFORM], resolver)
    expanded: dict[str, Node] = {}
    keys: dict[str, Node] = dict(node.keys or {})
    for key, entry in entries.items():
        if key == TRANSFORM:
            added = _transform(entry, resolver)
        elif key.startswith(_FOR_EACH):
            added = _for_each(entry, resolver, keys)
        else:
            expanded[key] = entry
            continue
        keys.pop(key, None)
        if isinstance(added.value, Unknown):
            keys[key] = added
        expanded.update(_added(added, resolver))
        if len(expanded) > _MAX_ENTRIES:
            raise TemplateError(
                f"loops generate more than {_MAX_ENTRIES:,} entries here", place=entry.place
            )
    return Node(expanded, node.path, node.line, node.column, keys)


def expand_section(node: Node, resolver: NodeResolver) -> Node:
    """Return a mapping with its loops and includes expanded.

    Entries that cannot be resolved locally are skipped with a diagnostic; all others are kept.
    """
    if not needs_expansion(node):
        return node
    expanded = resolver.reduce(node)
    if isinstance(expanded.value, Unknown):
        keys = {TRANSFORM: expanded}
        return Node(_added(expanded, resolver), node.path, node.line, node.column, keys)
    return expanded


def lost_entries(node: Node) -> Unknown | None:
    """Return why a mapping lacks entries of a transform or a loop; None if it has all of them."""
    unknowns = (key.value for key in (node.keys or {}).values())
    return next((each for each in unknowns if isinstance(each, Unknown)), None)


def transform_name(call: Node) -> str | None:
    """Return the name of a transform, which may be a mapping of its name and its parameters."""
    return (call.get("Name") or call).optional_text()


def _transform(call: Node, resolver: NodeResolver) -> Node:
    """Return the result of a transform; one that needs AWS is unknown."""
    name = transform_name(call)
    if name != INCLUDE:
        return call.with_value(Unknown(reason=f"the macro `{name or '?'}` runs only in AWS"))
    parameters = call.get("Parameters")
    location = parameters.get("Location") if parameters else None
    if location is None:
        raise TemplateError(f"`{INCLUDE}` needs a `Location`", place=call.place)
    location = resolver.resolve(location)
    if isinstance(location.value, Unknown):
        return location
    return resolver.scope.include(location.text("a location"), location)


def _added(node: Node, resolver: NodeResolver) -> Mapping[str, Node]:
    """Return the entries that a loop or a transform adds; if unknown, none and a diagnostic."""
    if isinstance(node.value, Unknown):
        resolver.scope.add_diagnostic(
            unknown_diagnostic("skipping some entries here", node, node.value)
        )
        return {}
    return node.entries("what is added here")


def _for_each(loop: Node, resolver: NodeResolver, keys: dict[str, Node]) -> Node:
    """Return the entries that a loop adds, or the unknown value of its collection."""
    parts = loop.items("a loop")
    if len(parts) != 3:  # noqa: PLR2004
        raise TemplateError(
            "`Fn::ForEach` takes an identifier, a collection and what to repeat", place=loop.place
        )
    identifier = parts[0].text("the identifier of a loop")
    collection = resolver.resolve(parts[1])
    if isinstance(collection.value, Unknown):
        return collection
    items = collection.items("the collection of a loop")
    if len(items) > _MAX_ITEMS:
        raise TemplateError(f"a loop has more than {_MAX_ITEMS:,} items", place=loop.place)
    entries: dict[str, Node] = {}
    for item in items:
        value = item.text("an item of a loop's collection")
        body = _bind(parts[2], identifier, value)
        if needs_expansion(body):
            body = expand(body, resolver)
        entries.update(body.entries("what a loop repeats"))
        keys.update(body.keys or {})
    return loop.with_value(entries)


def _bind(body: Node, identifier: str, value: str) -> Node:
    """Return the body of a loop for one value.

    `&{X}` is the alphanumeric part of the value, as in logical ids; `${X}` and `Ref` are the value itself.
    """
    reference = re.compile(rf"([$&])\{{{re.escape(identifier)}\}}")

    def fill_in(text: str) -> str:
        plain = re.sub("[^A-Za-z0-9]", "", value)
        return reference.sub(lambda match: plain if match[1] == "&" else value, text)

    def bind(node: Node) -> Node:
        if isinstance(node.value, str):
            return node.with_value(fill_in(node.value)) if "{" in node.value else node
        if isinstance(node.value, tuple):
            return node.with_value(tuple(bind(item) for item in node.value))
        if not isinstance(node.value, dict):
            return node
        if len(node.value) == 1 and "Ref" in node.value and node.value["Ref"].value == identifier:
            return node.with_value(value)
        entries = {fill_in(key): bind(entry) for key, entry in node.value.items()}
        keys = {fill_in(key): place for key, place in (node.keys or {}).items()}
        return Node(entries, node.path, node.line, node.column, keys)

    return bind(body)
