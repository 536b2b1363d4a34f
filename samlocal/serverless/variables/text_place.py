"""The place of a character inside of a text, as far as the file shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.errors import Place

if TYPE_CHECKING:
    from samlocal.documents.node import Node

_LINES_BEFORE: Final = 2  # of a text after the place of its node: `key: >` and an empty line


def place_in_text(node: Node, text: str, index: int) -> Place:
    """Return the place of the character at `index` of a node's text; the node's own if the file has it otherwise.

    A text may be quoted, folded or indented in the file: its line is searched there from the node's place on.
    """
    before = text[:index]
    start = before.rfind("\n") + 1
    line = text[start:].split("\n", 1)[0]
    try:
        with node.path.open(encoding="utf-8-sig") as file:
            lines = file.read().splitlines()
    except (OSError, ValueError):
        return node.place
    first = node.line + before.count("\n")
    for number in range(first, min(first + 1 + _LINES_BEFORE, len(lines))):
        found = lines[number].find(line, node.column if number == node.line else 0)
        if found >= 0:
            return Place(node.path, number + 1, found + (index - start) + 1)
    return node.place
