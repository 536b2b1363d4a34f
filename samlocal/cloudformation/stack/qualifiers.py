"""Versions and aliases: the qualifiers of a function.

Nothing is published locally, so versions are numbered from 1 in the order of the template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.stack.resource_names import function_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.cloudformation.stack.resource_scope import ResourceScope
    from samlocal.documents.node import Node

_VERSION: Final = "AWS::Lambda::Version"
_ALIAS: Final = "AWS::Lambda::Alias"


def read_qualifiers(
    stack: ResourceScope, function: str, auto_publish_alias: str | None
) -> dict[str, str]:
    """Return the version for each of a function's qualifiers, except `$LATEST`."""
    qualifiers = {number: number for number in _versions(stack, function).values()}
    if auto_publish_alias is not None:
        number = str(len(qualifiers) + 1)
        qualifiers |= {number: number, auto_publish_alias: number}
    for alias in resources_of(stack, function, _ALIAS):
        version = _text(stack, alias, "FunctionVersion") or "$LATEST"
        qualifiers[_text(stack, alias, "Name") or alias] = version
    return qualifiers


def arn_of(stack: ResourceScope, logical_id: str) -> str | None:
    """Return the ARN of a version or an alias; None for any other resource."""
    qualifier = _qualifier(stack, logical_id)
    function = _function_of(stack, logical_id) if qualifier else None
    if function is None:
        return None
    return f"{_function_arn(stack, function)}:{qualifier}"


def attribute(stack: ResourceScope, logical_id: str, name: str) -> str | None:
    """Return an attribute of a version or an alias; None for any other attribute or resource."""
    if name in {"FunctionArn", "AliasArn"}:
        return arn_of(stack, logical_id)
    if name == "Version" and stack.resource_type(logical_id) == _VERSION:
        return _qualifier(stack, logical_id)
    return None


def _qualifier(stack: ResourceScope, logical_id: str) -> str | None:
    if stack.resource_type(logical_id) == _ALIAS:
        return _text(stack, logical_id, "Name")
    if stack.resource_type(logical_id) != _VERSION:
        return None
    function = _function_of(stack, logical_id)
    if function is None:
        return None
    versions = _versions(stack, function)
    return versions.get(logical_id) or str(len(versions) + 1)  # the version for `AutoPublishAlias`


def _versions(stack: ResourceScope, function: str) -> dict[str, str]:
    versions = resources_of(stack, function, _VERSION)
    return {logical_id: str(number) for number, logical_id in enumerate(versions, start=1)}


def resources_of(stack: ResourceScope, function: str, kind: str) -> Iterator[str]:
    """Yield the logical ids of the resources of a type whose `FunctionName` is a function."""
    for logical_id in stack.of_type(kind):
        if _function_of(stack, logical_id) == function:
            yield logical_id


def _function_of(stack: ResourceScope, logical_id: str) -> str | None:
    """Return the logical id of the function of a version or an alias."""
    node = stack.properties(logical_id).get("FunctionName")
    if node is None:
        return None
    if (direct := _direct_reference(node)) in stack.resources:
        return direct
    name = (stack.optional_text(node) or "").rpartition(":")[2]
    for candidate in stack.resources:
        is_function = (stack.resource_type(candidate) or "").endswith("::Function")
        if is_function and function_name(stack, candidate) == name:
            return candidate
    return None


def _direct_reference(node: Node) -> str | None:
    target = node.get("Ref") or node.get("Fn::GetAtt")
    if target is None:
        return None
    if isinstance(target.value, tuple):
        target = target.value[0] if target.value else node
    return (target.optional_text() or "").removesuffix(".Arn")


def _function_arn(stack: ResourceScope, function: str) -> str:
    name = function_name(stack, function)
    return stack.context.arn("lambda", f"function:{name}")


def _text(stack: ResourceScope, logical_id: str, name: str) -> str | None:
    return stack.optional_text(stack.properties(logical_id).get(name))
