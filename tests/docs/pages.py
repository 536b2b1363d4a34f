"""The documentation as files, and the links in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT: Final = Path(__file__).parents[2]
DOCS: Final = CHECKOUT / "docs"

_FENCED: Final = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
_CODE: Final = re.compile(r"`[^`\n]+`")
_LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]*)\)|<(https?:[^>]*)>")
_PATH: Final = re.compile(r"`((?:\.ci|docs|runtimes|samlocal|templates|tests)/[\w./-]*)`")
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)


def all_pages() -> list[Path]:
    """Return every page: those of `docs`, and the Markdown files beside what they are about."""
    places = ("*.md", "docs/**/*.md", "runtimes/**/*.md", "templates/*/*.md")
    return sorted(page for place in places for page in CHECKOUT.glob(place))


def links_of(page: Path) -> Iterator[str]:
    """Yield the targets of a page's links, but for what is in code."""
    text = _CODE.sub("``", _FENCED.sub("", page.read_text()))
    for found in _LINK.finditer(text):
        yield found[1] if found[2] is None else found[2]


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = _HEADING.findall(_FENCED.sub("", page.read_text()))
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings
    }


def paths_in_code(page: Path) -> Iterator[str]:
    """Yield what a page has in code that looks like a path of this repository."""
    yield from _PATH.findall(_FENCED.sub("", page.read_text()))
