"""References to Cognito user pools and their clients, whose ids only AWS knows.

In the settings of authorizers their logical ids stand for them: tokens are checked with the keys of a file then.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cognito-userpool.html#aws-resource-cognito-userpool-return-values
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cognito-userpoolclient.html#aws-resource-cognito-userpoolclient-return-values
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.marked_text import (
    attribute_names,
    find_origin,
    reference_in_sub,
)
from samlocal.cloudformation.functions.properties import Properties
from samlocal.cloudformation.intrinsics.resolver import intrinsic_call
from samlocal.documents.node import Node, Unknown

if TYPE_CHECKING:
    from samlocal.cloudformation.stack.stack import Stack

# What names each resource by its id; None stands for `Ref`.
_IDS: Final = {
    "AWS::Cognito::UserPool": (None, "UserPoolId"),
    "AWS::Cognito::UserPoolClient": (None, "ClientId"),
}
_VARIABLE: Final = re.compile(r"\$\{([^}!]*)\}")


def name_user_pools(settings: Properties, stack: Stack) -> Properties:
    """Return the settings of an authorizer with logical ids for references to user pools and clients.

    Raises:
        ProjectError: A reference is invalid.
    """
    return Properties(_named(stack, settings.node), settings.resolver, settings.missing)


def _named(stack: Stack, node: Node, depth: int = 0) -> Node:
    """Return a value with its references named; the value itself if it has none."""
    match intrinsic_call(node):
        case ("Ref" | "Fn::GetAtt", _):
            return _named_reference(stack, node, depth)
        case ("Fn::Sub", Node(value=str()) as text):
            return _with_values(node, {"Fn::Sub": _named_sub(stack, text)})
        case ("Fn::Sub", Node(value=(Node(value=str()) as text, variables)) as argument):
            parts = (_named_sub(stack, text, variables), _named(stack, variables, depth))
            return _with_values(node, {"Fn::Sub": _with_items(argument, parts)})
        case _:
            return _named_entries(stack, node, depth)


def _named_entries(stack: Stack, node: Node, depth: int) -> Node:
    match node.value:
        case dict() as entries:
            named = {key: _named(stack, each, depth) for key, each in entries.items()}
            return _with_values(node, named)
        case tuple() as items:
            return _with_items(node, tuple(_named(stack, each, depth) for each in items))
        case _:
            return node


def _with_items(node: Node, items: tuple[Node, ...]) -> Node:
    """Return a list with other items; the list itself if they are its own."""
    own = node.items("a list")
    is_same = all(new is old for new, old in zip(items, own, strict=True))
    return node if is_same else node.with_value(items)


def _with_values(node: Node, values: dict[str, Node]) -> Node:
    """Return a mapping with other values, and the places of its keys; the mapping itself if they are its own."""
    if all(node.get(key) is value for key, value in values.items()):
        return node
    return Node(values, node.path, node.line, node.column, node.keys)


def _named_reference(stack: Stack, node: Node, depth: int) -> Node:
    if (name := _logical_id(stack, node)) is not None:
        return node.with_data(name)
    owner, origin, depth = find_origin(stack, node, depth)
    if owner is stack:
        return node
    named = _named(owner, origin, depth + 1)  # a value of another stack, which has its own names
    if named is origin:
        return node
    resolved = owner.resolver.resolve(named)
    return node if isinstance(resolved.value, Unknown) else resolved


def _named_sub(stack: Stack, text: Node, variables: Node | None = None) -> Node:
    def name(match: re.Match[str]) -> str:
        variable = match[1].strip()
        if variables is not None and variables.get(variable) is not None:
            return match[0]
        return _logical_id(stack, reference_in_sub(text, variable)) or match[0]

    named = _VARIABLE.sub(name, str(text.value))
    return text if named == text.value else text.with_data(named)


def _logical_id(stack: Stack, node: Node) -> str | None:
    """Return the logical id of the user pool or client whose id a reference is; None if it is another one."""
    stack, node, _ = find_origin(stack, node)
    attribute = None
    match intrinsic_call(node):
        case ("Ref", Node(value=str(name))):
            pass
        case ("Fn::GetAtt", argument) if names := attribute_names(argument):
            name, attribute = names
        case _:
            return None
    return name if attribute in _IDS.get(stack.resource_type(name) or "", ()) else None
