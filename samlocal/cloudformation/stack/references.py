"""What `Ref` and `Fn::GetAtt` give for the resources of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.cloudformation.stack import qualifiers
from samlocal.cloudformation.stack.resource_attributes import (
    LAYER_ARN,
    LAYER_VERSION,
    RESOURCE_TYPES,
    ResourceType,
    fill_in,
)
from samlocal.cloudformation.stack.resource_names import layer_name, own_name
from samlocal.diagnostics import Diagnostic
from samlocal.documents.node import Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.cloudformation.stack.resource_scope import ResourceScope
    from samlocal.documents.node import Node


def reference(stack: ResourceScope, name: str, at: Node) -> str | Unknown | None:
    """Return what `Ref` gives for a resource; None if there is no such resource."""
    if name not in stack.resources:
        name = stack.generated.referable.get(name, name)
        if stack.resource(name) is None:
            return _not_yet(name) if stack.generated.may_have(name) else None
    if (arn := qualifiers.arn_of(stack, name)) is not None:
        return arn
    type_name = stack.resource_type(name) or ""
    kind = RESOURCE_TYPES.get(type_name)
    if kind is LAYER_VERSION:
        return _fill_in(stack, LAYER_ARN, layer_name(stack, name, kind))
    if kind is None or kind.ref is None:
        return _of_properties(stack, name, type_name)
    return _made_of_name(stack, name, kind, kind.ref, at)


def attribute(stack: ResourceScope, logical_id: str, name: str, at: Node) -> Node | None:
    """Return what `Fn::GetAtt` gives for a resource; None if there is no such resource."""
    if logical_id not in stack.resources and stack.resource(logical_id) is None:
        may_exist = stack.generated.may_have(logical_id)
        return at.with_value(_not_yet(f"{logical_id}.{name}")) if may_exist else None
    if (value := qualifiers.attribute(stack, logical_id, name)) is not None:
        return at.with_value(value)
    kind = RESOURCE_TYPES.get(stack.resource_type(logical_id) or "", ResourceType())
    if name in kind.of_property:
        node = stack.properties(logical_id).get(kind.of_property[name])
        return stack.resolver.reduce(node) if node else at.with_value("")
    if name not in kind.attributes:
        return _of_generated(stack, logical_id, name, at)
    pattern = kind.attributes[name]
    if kind is LAYER_VERSION:
        return at.with_value(_fill_in(stack, pattern, layer_name(stack, logical_id, kind)))
    return at.with_value(_made_of_name(stack, logical_id, kind, pattern, at))


def _made_of_name(
    stack: ResourceScope, logical_id: str, kind: ResourceType, pattern: str, at: Node
) -> str | Unknown:
    """Return a value that contains a resource's name; its logical id replaces a generated name."""
    own = own_name(stack, logical_id, kind)
    if isinstance(own, Unknown):
        return own
    if kind.has_generated_id:
        message = f"`{logical_id}` gets its id at deployment; samlocal uses its logical id instead"
        place = stack.place_of(logical_id) if logical_id in stack.resources else at.place
        stack.add_diagnostic(Diagnostic(message=message, place=place))
    return _fill_in(stack, pattern, own or logical_id)


def _of_properties(stack: ResourceScope, logical_id: str, type_name: str) -> str | Unknown:
    """Return the value of `Ref` if the template has all properties that it consists of."""
    from samlocal.cloudformation.stack.ref_values import JOINED_WITH, ref_paths  # noqa: PLC0415  # rarely needed

    paths = ref_paths(type_name)
    values = [_property(stack, logical_id, path) for path in paths]
    unknown = next((value for value in values if isinstance(value, Unknown)), None)
    texts = [value for value in values if isinstance(value, str)]
    if unknown is not None or not texts or len(texts) < len(paths):
        return unknown or _not_yet(logical_id)
    return JOINED_WITH.join(texts)


def _property(stack: ResourceScope, logical_id: str, path: Sequence[str]) -> str | Unknown | None:
    node = stack.properties(logical_id).get(path[0])
    for name in path[1:]:
        node = stack.resolver.reduce(node).get(name) if node else None
    if node is None:
        return None
    node = stack.resolver.resolve(node)
    return node.value if isinstance(node.value, Unknown) else node.optional_text()


def _of_generated(stack: ResourceScope, logical_id: str, name: str, at: Node) -> Node | None:
    """Return an attribute of a resource that SAM generates, such as `Function.DestinationQueue.Arn`."""
    referable, dot, rest = name.partition(".")
    target = stack.generated.referable.get(f"{logical_id}.{referable}")
    if target is None:
        return at.with_value(_not_yet(f"{logical_id}.{name}"))
    if dot:
        return attribute(stack, target, rest, at)
    return at.with_value(reference(stack, target, at))


def _not_yet(name: str) -> Unknown:
    return Unknown(reason=f"`{name}` is known only after deployment")


def _fill_in(stack: ResourceScope, pattern: str, name: str) -> str:
    return fill_in(pattern, name, stack.context.names())
