"""Where the members of a JSON document stand, which `json` doesn't tell."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(r'(?P<string>"(?:[^"\\]|\\.)*")(?P<colon>\s*:)?|[{}\[\]]')


def member_indexes(text: str, *, depth: int) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield the path of each member down to `depth`, and the index where its name starts.

    `text` is valid JSON, with objects only down to `depth`. A name that is given twice comes twice.
    """
    path: list[str] = []
    level = 0
    for token in _TOKEN.finditer(text):
        if token["colon"] and level <= depth:
            path[level - 1 :] = [json.loads(token["string"])]
            yield tuple(path), token.start()
        elif token[0] in "{[":
            level += 1
        elif token[0] in "}]":
            level -= 1
