"""SAM's `Globals` section: properties that every function of a template starts from.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
"""

from __future__ import annotations

from typing import Final

from samlocal.project.node import Node
from samlocal.project.resolver import intrinsic_call

# What each function has for itself; SAM refuses it in `Globals`.
NOT_GLOBAL: Final = frozenset({"Events", "FunctionName", "Policies", "Role"})
_REPLACED: Final = frozenset({"Architectures"})


def function_properties(inherited: Node, own: Node) -> Node:
    """Return a function's properties on top of the global ones."""
    entries = inherited.entries("`Globals.Function`")
    usable = {name: node for name, node in entries.items() if name not in NOT_GLOBAL}
    for name in _REPLACED & usable.keys():
        if own.get(name):
            del usable[name]
    return merge(inherited.with_value(usable), own)


def merge(inherited: Node, own: Node) -> Node:
    """Return `own` on top of what is global.

    Mappings merge entry by entry, lists are appended to the global ones, and of anything else,
    intrinsic functions included, the function's own replaces the global one.
    """
    if _is_mapping(inherited) and _is_mapping(own):
        below, above = inherited.entries("globals"), own.entries("properties")
        merged = dict(below)
        for key, node in above.items():
            merged[key] = merge(below[key], node) if key in below else node
        keys = {**(inherited.keys or {}), **(own.keys or {})}
        return Node(merged, own.path, own.line, own.column, keys)
    if isinstance(inherited.value, tuple) and isinstance(own.value, tuple):
        return own.with_value((*inherited.value, *own.value))
    return own


def _is_mapping(node: Node) -> bool:
    return isinstance(node.value, dict) and intrinsic_call(node) is None
