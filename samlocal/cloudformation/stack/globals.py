"""SAM's `Globals` section: default properties for all resources of a type.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.intrinsics.resolver import Resolver, intrinsic_call
from samlocal.cloudformation.intrinsics.transforms import expand_section, needs_expansion
from samlocal.documents.node import Node
from samlocal.errors import TemplateError
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.cloudformation.stack.resource_scope import ResourceScope

# Properties of one function only; SAM refuses them in `Globals`.
NOT_GLOBAL: Final = frozenset({"Events", "FunctionName", "Policies", "Role"})
_SERVERLESS: Final = "AWS::Serverless::"
_ALL: Final = "*"
_REPLACED: Final = frozenset({"Architectures"})


def declared_properties(stack: ResourceScope, logical_id: str) -> Node:
    """Return a resource's unresolved properties with `Globals` merged in."""
    resource = stack.resources[logical_id]
    own = resource.get("Properties")
    own = stack.resolver.reduce(own) if own else None
    if own is None or own.value is None:
        own = resource.with_value({})
    resource_type = stack.resource_type(logical_id) or ""
    section = stack.section("Globals") if resource_type.startswith(_SERVERLESS) else None
    name = resource_type.removeprefix(_SERVERLESS)
    inherited = section.get(name) if section else None
    if inherited is None or inherited.value is None:
        return own
    ignored = resource.get("IgnoreGlobals")
    return with_globals(own, inherited, stack.resolver, name=f"Globals.{name}", ignored=ignored)


def with_globals(
    own: Node, inherited: Node, resolver: Resolver, *, name: str, ignored: Node | None = None
) -> Node:
    """Return the global properties with a resource's own merged in; `ignored` is its `IgnoreGlobals`.

    `name` is the section of the global properties, such as `Globals.Function`.

    Raises:
        TemplateError: they are not a mapping, or lack a property that `ignored` names.
    """
    if (call := intrinsic_call(inherited)) and not needs_expansion(inherited):
        message = f"`{name}` must be a mapping, not a call of `{call[0]}`"
        raise TemplateError(message, place=inherited.place)
    inherited = expand_section(inherited, resolver)
    entries = inherited.entries(f"`{name}`")
    left_out = NOT_GLOBAL | (_ignored(ignored, entries, name) if ignored else frozenset())
    usable = {name: node for name, node in entries.items() if name not in left_out}
    for replaced in _REPLACED & usable.keys():
        if own.get(replaced):
            del usable[replaced]
    usable_globals = Node(usable, inherited.path, inherited.line, inherited.column, inherited.keys)
    return merge(usable_globals, own, resolver)


def _ignored(ignored: Node, entries: Mapping[str, Node], section: str) -> frozenset[str]:
    """Return the global properties that a resource ignores: all of them, or those of a list.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html#sam-specification-template-anatomy-globals-overrideable
    """
    if ignored.value is None:
        return frozenset()
    if ignored.value == _ALL:
        return frozenset(entries)
    if not isinstance(ignored.value, tuple):
        raise TemplateError(
            f'`IgnoreGlobals` must be "{_ALL}" or a list of properties, not {ignored.kind}',
            place=ignored.place,
        )
    for item in ignored.value:
        if (name := item.text("an item of `IgnoreGlobals`")) not in entries:
            raise TemplateError(
                f"`IgnoreGlobals` names `{name}`, which `{section}` does not have",
                place=item.place,
                hint=did_you_mean(name, entries),
            )
    return frozenset(item.text("an item of `IgnoreGlobals`") for item in ignored.value)


def merge(inherited: Node, own: Node, resolver: Resolver) -> Node:
    """Return the global value with a function's `own` merged in.

    Mappings merge entry by entry. Lists are appended to the global ones. Any other value, also the call
    of an intrinsic function, replaces the global one.
    """
    if _is_mapping(inherited) and _is_mapping(own):
        below, above = expand_section(inherited, resolver), expand_section(own, resolver)
        merged = dict(below.entries("globals"))
        for key, node in above.entries("properties").items():
            merged[key] = merge(merged[key], node, resolver) if key in merged else node
        keys = {**(below.keys or {}), **(above.keys or {})}
        return Node(merged, own.path, own.line, own.column, keys)
    if isinstance(inherited.value, tuple) and isinstance(own.value, tuple):
        return own.with_value((*inherited.value, *own.value))
    return own


def _is_mapping(node: Node) -> bool:
    return needs_expansion(node) or (isinstance(node.value, dict) and intrinsic_call(node) is None)
