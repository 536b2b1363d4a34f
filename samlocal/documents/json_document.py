r"""JSON documents as nodes with their places.

libyaml does not read all JSON: not surrogate pairs (`\ud83d\ude00`), numbers like `1e3`, or keys of more
than 1,024 characters. Here `json` decides whether a text is JSON, and this module only finds the places.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from samlocal.documents.node import MAX_DEPTH, DuplicateKey, Node
from samlocal.errors import Place, TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from samlocal.documents.node import Scalar
    from samlocal.documents.scalars import Schema

# In a text that is JSON, keys and values alternate: commas, colons and space can be skipped.
_WORD: Final = re.compile(r'[{}\[\]]|"(?:[^"\\]|\\.)*"|[^\s,:{}\[\]"]+')
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def is_json(text: str) -> bool:
    """Tell whether Python's own reader accepts a text as JSON."""
    try:
        json.loads(text)
    except ValueError:
        return False
    except RecursionError:  # `compose_json` reports where it nests too deeply
        return True
    return True


def compose_json(
    text: str,
    path: Path,
    *,
    max_depth: int | None = MAX_DEPTH,
    parse_word: Schema = json.loads,
) -> tuple[Node, list[DuplicateKey]]:
    """Compose a text that is JSON, and return the repeated keys of its mappings.

    `parse_word` returns the value of a number, `true`, `false` or `null`.

    Raises:
        TemplateError: it nests more than `max_depth` levels deep.
    """
    duplicates: list[DuplicateKey] = []
    open_nodes: list[tuple[Node, list[Node]]] = []
    for word, line, column in _words(text):
        if word in {"]", "}"}:
            node, children = open_nodes.pop()
            _finish(node, children, duplicates, is_mapping=word == "}")
        elif word in {"[", "{"}:
            open_nodes.append((Node(None, path, line, column), []))
            if max_depth is not None and len(open_nodes) > max_depth:
                raise TemplateError(
                    f"values nest more than {max_depth} levels deep",
                    place=Place(path, line + 1, column + 1),
                )
            continue
        else:
            node = Node(_scalar(word, parse_word), path, line, column)
        if not open_nodes:
            return node, duplicates
        open_nodes[-1][1].append(node)
    raise AssertionError("`json` has read the same text to its end")


def _words(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield words with the lines and columns where they start, from 0."""
    line, line_start = 0, 0
    next_line = text.find("\n") + 1
    for match in _WORD.finditer(text):
        start = match.start()
        while next_line and start >= next_line:
            line, line_start = line + 1, next_line
            next_line = text.find("\n", next_line) + 1
        yield match[0], line, start - line_start


def _finish(
    node: Node, children: list[Node], duplicates: list[DuplicateKey], *, is_mapping: bool
) -> None:
    """Set the content of a node whose end has been read."""
    if not is_mapping:
        node.value = tuple(children)
        return
    keys: dict[str, Node] = {}
    entries: dict[str, Node] = {}
    for key, value in zip(children[::2], children[1::2], strict=True):
        name = str(key.value)
        if name in keys:
            duplicates.append(DuplicateKey(key=name, place=key.place, earlier=keys[name].place))
        keys[name] = key
        entries[name] = value
    node.value = entries
    node.keys = keys


def _scalar(word: str, parse_word: Schema) -> Scalar:
    if word[0] != '"':
        return parse_word(word)
    if "\\" not in word:
        return word[1:-1]
    text: str = json.loads(word)
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
