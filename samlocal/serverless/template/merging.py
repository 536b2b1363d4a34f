"""Merging of nodes, as Serverless merges lists of `functions` and of `resources`.

https://lodash.com/docs/4.17.15#merge
"""

from __future__ import annotations

from functools import reduce
from itertools import zip_longest
from typing import TYPE_CHECKING

from samlocal.documents.node import Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def merge_deeply(nodes: Iterable[Node]) -> Node | None:
    """Return the nodes merged, the later ones over the earlier ones; None without nodes.

    Mappings merge entry by entry, lists item by item. Any other value replaces the earlier one.
    """
    every = list(nodes)
    return reduce(_merge, every) if every else None


def _merge(below: Node, above: Node) -> Node:
    if isinstance(below.value, dict) and isinstance(above.value, dict):
        entries = dict(below.value)
        for key, node in above.value.items():
            entries[key] = _merge(entries[key], node) if key in entries else node
        return with_entries(above, entries, keys={**(below.keys or {}), **(above.keys or {})})
    if isinstance(below.value, tuple) and isinstance(above.value, tuple):
        pairs = zip_longest(below.value, above.value)
        items = (_merge(old, new) if old and new else old or new for old, new in pairs)
        return above.with_value(tuple(item for item in items if item))
    return above


def overlay(below: Node | None, above: Node | None) -> Node | None:
    """Return a mapping with the entries of both, those of `above` as they are."""
    if below is None or above is None:
        return below or above
    if not (isinstance(below.value, dict) and isinstance(above.value, dict)):
        return above
    keys = {**(below.keys or {}), **(above.keys or {})}
    return with_entries(above, {**below.value, **above.value}, keys=keys)


def with_entries(
    at: Node, entries: Mapping[str, Node], *, keys: Mapping[str, Node] | None = None
) -> Node:
    """Return a mapping at the place of a node, with the places of its keys."""
    return Node(dict(entries), at.path, at.line, at.column, at.keys if keys is None else keys)
