"""Identifiers of a resource besides its logical id: `SamResourceId`, and the CDK's construct paths.

https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samlocal.documents.node import Node

_NESTED_STACK = ".NestedStack"
_NESTED_STACK_RESOURCE = ".NestedStackResource"


def metadata(resource: Node, key: str) -> str | None:
    """Return an entry of a resource's `Metadata`, if it is text."""
    section = resource.get("Metadata")
    node = section.get(key) if section else None
    return node.value if node and isinstance(node.value, str) else None


def construct_path(resource: Node) -> str | None:
    """Return the path of the construct that a resource was synthesised from: `Stack/Api/Handler`."""
    path = metadata(resource, "aws:cdk:path")
    if not path:
        return None
    parts = path.split("/")
    if len(parts) > 1 and parts[-1] == "Resource":
        parts.pop()
    elif len(parts) > 1 and parts[-1].endswith(_NESTED_STACK_RESOURCE):
        parts[-2:] = [parts[-1].removesuffix(_NESTED_STACK_RESOURCE)]
    return "/".join(part.removesuffix(_NESTED_STACK) for part in parts)


def resource_id(resource: Node) -> str | None:
    """Return `SamResourceId`, or else the id of the construct: the end of its path."""
    path = construct_path(resource)
    return metadata(resource, "SamResourceId") or (path.rpartition("/")[2] if path else None)
