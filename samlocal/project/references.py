"""What `Ref` and `Fn::GetAtt` give for the resources of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.project import qualifiers
from samlocal.project.attributes import LAYER_VERSION, RESOURCE_TYPES, ResourceType, fill_in
from samlocal.project.names import layer_name, own_name
from samlocal.project.node import Unknown

if TYPE_CHECKING:
    from samlocal.project.node import Node
    from samlocal.project.stack import Stack

# Resources that SAM makes and templates refer to:
# https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
_IMPLIED: Final = {
    "ServerlessRestApi": "AWS::ApiGateway::RestApi",
    "ServerlessHttpApi": "AWS::ApiGatewayV2::Api",
}
_IMPLIED_SUFFIXES: Final = {"Role": "AWS::IAM::Role"}


def reference(stack: Stack, name: str) -> str | Unknown | None:
    """Return what `Ref` gives for a resource; None if there is none of that name."""
    if name not in stack.resources:
        return qualifiers.referred(stack, name) or _implied_name(stack, name)
    if (arn := qualifiers.arn_of(stack, name)) is not None:
        return arn
    kind = RESOURCE_TYPES.get(stack.resource_type(name) or "")
    if kind is None:
        return name
    if kind is LAYER_VERSION:
        return _fill_in(stack, kind.ref, layer_name(stack, name, kind))
    own = own_name(stack, name, kind)
    if isinstance(own, Unknown):
        return own
    return _fill_in(stack, kind.ref, own) if own else name


def attribute(stack: Stack, logical_id: str, name: str, at: Node) -> Node | None:
    """Return what `Fn::GetAtt` gives for a resource; None if there is no such resource."""
    if logical_id not in stack.resources:
        return _attribute_of_implied(stack, logical_id, name, at)
    value = qualifiers.attribute(stack, logical_id, name)
    value = value or qualifiers.referred(stack, f"{logical_id}.{name}")
    if value is not None:
        return at.with_value(value)
    kind = RESOURCE_TYPES.get(stack.resource_type(logical_id) or "", ResourceType())
    if name in kind.of_property:
        node = stack.properties(logical_id).get(kind.of_property[name])
        return stack.resolver.reduce(node) if node else at.with_value("")
    if name not in kind.attributes:
        return at.with_value(_not_yet(logical_id, name))
    if kind is LAYER_VERSION:
        return at.with_value(_fill_in(stack, kind.ref, layer_name(stack, logical_id, kind)))
    own = own_name(stack, logical_id, kind)
    if not isinstance(own, Unknown):
        own = _fill_in(stack, kind.attributes[name], own or logical_id)
    return at.with_value(own)


def _attribute_of_implied(stack: Stack, logical_id: str, name: str, at: Node) -> Node | None:
    type_name = _implied_type(stack, logical_id)
    if type_name is None:
        return None
    kind = RESOURCE_TYPES.get(type_name, ResourceType())
    if name not in kind.attributes:
        return at.with_value(_not_yet(logical_id, name))
    return at.with_value(_fill_in(stack, kind.attributes[name], logical_id))


def _not_yet(logical_id: str, name: str) -> Unknown:
    return Unknown(reason=f"`{logical_id}.{name}` is known only once it is deployed")


def _fill_in(stack: Stack, pattern: str, name: str) -> str:
    return fill_in(pattern, name, stack.surroundings.names())


def _implied_name(stack: Stack, name: str) -> str | None:
    return None if _implied_type(stack, name) is None else name


def _implied_type(stack: Stack, name: str) -> str | None:
    """Return the type of a resource that SAM makes of another, an empty one if it is not known."""
    if name in _IMPLIED:
        return _IMPLIED[name]
    for logical_id in stack.resources:
        is_sam = (stack.resource_type(logical_id) or "").startswith("AWS::Serverless::")
        if is_sam and name.startswith(logical_id):
            return _IMPLIED_SUFFIXES.get(name.removeprefix(logical_id), "")
    return "" if name.startswith("ServerlessRestApi") else None
