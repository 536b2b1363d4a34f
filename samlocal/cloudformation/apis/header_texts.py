"""Texts of a template that become headers: without the line ends that YAML leaves, and without control characters.

A block scalar such as `|` ends with a line end, which is not meant. What else no header can have is reported with its
place and left out, as requests would fail on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.settings import unquoted
from samlocal.diagnostics import Diagnostic
from samlocal.errors import TemplateError
from samlocal.header_syntax import HEADER_NAME, NOT_IN_HEADER_VALUES

if TYPE_CHECKING:
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.documents.node import Node
    from samlocal.errors import Place

_LINE_ENDS: Final = "\r\n"
_FAULT: Final = "has a line break or a control character, which no header can have"
_HINT: Final = "write it in one line"


def header_text(settings: Properties, name: str) -> str | None:
    """Return the value of a header under a setting's name; None if it is absent, unknown, or cannot be sent."""
    node = settings.get(name)
    return _checked(settings, name, node) if node else None


def header_items(settings: Properties, name: str) -> tuple[str, ...]:
    """Return the items of a list that becomes a header, without those that cannot be sent."""
    checked = (_checked(settings, name, each) for each in settings.known_items(name))
    return tuple(each for each in checked if each)


def header_texts(settings: Properties | None, prefix: str = "") -> dict[str, str]:
    """Return the headers of a mapping without a prefix of their names; entries that do not begin with it are others."""
    if settings is None:
        return {}
    found = {}
    for key in settings.entries:
        if not key.startswith(prefix):
            continue
        name = key.removeprefix(prefix).rstrip(_LINE_ENDS)
        if not HEADER_NAME.fullmatch(name):
            fault = f"`{ascii(name)[1:-1]}` is not the name of one"
            _report(settings, fault, settings.node.place_of(key))
        elif (text := header_text(settings, key)) is not None:
            found[name] = unquoted(text)
    return found


def parameter_texts(settings: Properties | None) -> dict[str, str]:
    """Return the mapping expressions of parameters by their names, quotes included."""
    found = {name: header_text(settings, name) for name in settings.entries} if settings else {}
    return {name: text for name, text in found.items() if text is not None}


def body_templates(settings: Properties | None) -> dict[str, str]:
    """Return templates of bodies by their content types, which become headers."""
    if settings is None:
        return {}
    found = {}
    for key in settings.entries:
        media_type = key.rstrip(_LINE_ENDS)
        if (text := settings.text(key)) is None:
            continue
        if NOT_IN_HEADER_VALUES.search(media_type):
            _report(settings, f"a content type {_FAULT}", settings.node.place_of(key))
        else:
            found[media_type] = text
    return found


def needed_header_text(settings: Properties, name: str) -> str | None:
    """Return the value of a header that a response cannot do without; None if it is absent or unknown.

    Raises:
        TemplateError: It cannot be sent.
    """
    node = settings.get(name)
    if node is None:
        return None
    text = _without_line_ends(node.text(f"`{name}`"))
    if NOT_IN_HEADER_VALUES.search(text):
        raise TemplateError(f"`{name}` {_FAULT}", place=node.place, hint=_HINT)
    return text


def _checked(settings: Properties, name: str, node: Node) -> str | None:
    text = _without_line_ends(node.text(f"`{name}`"))
    if not NOT_IN_HEADER_VALUES.search(text):
        return text
    _report(settings, f"the value of `{name}` {_FAULT}", node.place)
    return None


def _report(settings: Properties, fault: str, place: Place) -> None:
    diagnostic = Diagnostic(message=f"skipping a header: {fault}", place=place, hint=_HINT)
    settings.missing.diagnostics.append(diagnostic)


def _without_line_ends(text: str) -> str:
    """Return a text without line ends at its end, also before the quote of a static value."""
    text = text.rstrip(_LINE_ENDS)
    static = unquoted(text)
    return text if static == text else f"'{static.rstrip(_LINE_ENDS)}'"
