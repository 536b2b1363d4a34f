"""The files of the page. It loads nothing from other hosts, and runs no script but its own."""

from __future__ import annotations

import html
from functools import cache
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).with_name("page")
_TYPES: Final = {
    "index.html": "text/html; charset=utf-8",
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_TOKEN: Final = "{{token}}"  # noqa: S105  # where the token goes


def page_file(name: str, token: str) -> tuple[str, bytes] | None:
    """Return the content type and the content of a file of the page; empty: the page itself; None: no such file."""
    name = name or "index.html"
    if name not in _TYPES:
        return None
    content = _read(name)
    if name == "index.html":
        content = content.replace(_TOKEN, html.escape(token))
    return _TYPES[name], content.encode()


@cache
def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
