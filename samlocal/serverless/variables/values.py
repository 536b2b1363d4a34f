"""Values of a configuration as JavaScript sees them: members, text, and the texts that hold variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.documents.node import Node, scalar_text

if TYPE_CHECKING:
    from collections.abc import Iterator

OPENING: Final = "${"


def child(node: Node, key: str) -> Node | None:
    """Return a member of a mapping, or an item of a list by its index; None if there is none."""
    if isinstance(node.value, tuple):
        is_index = key.isdecimal() and key == str(int(key))
        return node.value[int(key)] if is_index and int(key) < len(node.value) else None
    return node.get(key)


def placed(value: Node, node: Node) -> Node:
    """Return a value at the place of the text that refers to it."""
    return Node(value.value, node.path, node.line, node.column, value.keys)


def joined_text(node: Node) -> str | None:
    """Return the text that JavaScript makes of a value; None if it is no use as text."""
    match node.value:
        case str() | int() | float() as scalar:
            return scalar_text(scalar)
        case tuple() as items:
            texts = ["" if each.value is None else joined_text(each) for each in items]
            known = [text for text in texts if text is not None]
            return ",".join(known) if len(known) == len(texts) else None
        case _:
            return None


def texts_with_variables(node: Node) -> Iterator[Node]:
    """Yield all texts inside of a node that may hold variables."""
    match node.value:
        case str() as text if OPENING in text:
            yield node
        case dict() as entries:
            for entry in entries.values():
                yield from texts_with_variables(entry)
        case tuple() as items:
            for item in items:
                yield from texts_with_variables(item)
