"""Resources whose `Ref` consists of their own properties: the table in `ref_values.json`.

It is loaded when something refers to such a resource. `tests/unit/cloudformation/ref_values.py` generates it.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Final

JOINED_WITH: Final = "|"
NESTED_WITH: Final = "/"
TABLE: Final = Path(__file__).with_name("ref_values.json")


@lru_cache
def _table() -> dict[str, str]:
    table: dict[str, str] = json.loads(TABLE.read_text(encoding="utf-8"))
    return table


def ref_paths(resource_type: str) -> list[list[str]]:
    """Return the paths of the properties that make up a type's `Ref`.

    There are none if only the service knows the value.
    """
    value = _table().get(resource_type)
    return [path.split(NESTED_WITH) for path in value.split(JOINED_WITH)] if value else []
