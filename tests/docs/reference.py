"""The generated parts of the reference pages: `python -m tests.docs.reference` refreshes them.

A page has such a part between `<!-- generated: NAME -->` and `<!-- end -->`; the rest is written by hand.
"""

from __future__ import annotations

import re
from typing import Final

from tests.docs.pages import DOCS
from tests.docs.tables import all_tables

REFERENCE: Final = DOCS / "reference"

_PART: Final = re.compile(r"(<!-- generated: (?P<name>[a-z -]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def parts_of(text: str) -> list[str]:
    """Return the names of the generated parts of a page."""
    return [found["name"] for found in _PART.finditer(text)]


def refreshed(text: str) -> str:
    """Return a page with every generated part as the code has it."""
    tables = all_tables()
    return _PART.sub(lambda found: f"{found[1]}\n{tables[found['name']]()}\n{found[3]}", text)


if __name__ == "__main__":
    for page in sorted(REFERENCE.glob("*.md")):
        page.write_text(refreshed(page.read_text()))
