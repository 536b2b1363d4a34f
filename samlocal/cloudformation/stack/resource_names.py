"""Names of resources: from the template, else their logical ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.cloudformation.stack.resource_attributes import RESOURCE_TYPES, ResourceType
from samlocal.documents.node import Unknown

if TYPE_CHECKING:
    from samlocal.cloudformation.stack.resource_scope import ResourceScope


def own_name(stack: ResourceScope, logical_id: str, kind: ResourceType) -> str | Unknown | None:
    """Return a resource's name in the template, or why it cannot be resolved locally."""
    node = stack.properties(logical_id).get(kind.name_property or "")
    if node is None:
        return None
    node = stack.resolver.resolve(node)
    return node.value if isinstance(node.value, Unknown) else node.optional_text()


def layer_name(stack: ResourceScope, logical_id: str, kind: ResourceType) -> str:
    """Return a name for a layer that is unique in the project."""
    name = _text(stack, logical_id, kind) or logical_id
    return "-".join((*stack.path.split("/"), name)) if stack.path else name


def function_name(stack: ResourceScope, logical_id: str) -> str:
    """Return a function's name in AWS, as far as it can be resolved locally."""
    kind = RESOURCE_TYPES["AWS::Lambda::Function"]
    return _text(stack, logical_id, kind) or logical_id


def _text(stack: ResourceScope, logical_id: str, kind: ResourceType) -> str | None:
    return stack.optional_text(stack.properties(logical_id).get(kind.name_property or ""))
