"""Which route a message goes to.

https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.project.apis import DEFAULT_ROUTE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from samlocal.project.apis import Api, Route

DEFAULT_EXPRESSION: Final = "$request.body.action"
CONNECT: Final = "$connect"
DISCONNECT: Final = "$disconnect"

_STEP: Final = (
    r"\.(?P<name>[\w-]+)|\[(?P<index>\d+)\]|\[(?P<quote>['\"])(?P<quoted>.*?)(?P=quote)\]"
)
_PLAIN_PATH: Final = r"(?:\.\w+|\[\d+\]|\['[^']*'\]|\[\"[^\"]*\"\])*"
# `\$` is a dollar sign; the braces set the end of a variable, which is else where its path ends.
_PART: Final = re.compile(
    rf"\\(?P<escaped>\$)|\$\{{(?P<braced>[^}}]*)\}}|\$(?P<plain>[A-Za-z][\w.]*?{_PLAIN_PATH})(?![\w])"
)
_BODY: Final = "request.body"

# The names of members and the indexes of list items on the way to a value in a message.
Path = tuple[str | int, ...]


@frozen
class RouteSelection:
    """A route selection expression, of constant texts and of paths to values in the message.

    `unknown` are its variables that have no value in a WebSocket API: they are empty.
    """

    parts: tuple[str | Path, ...]
    unknown: tuple[str, ...] = ()

    def evaluate(self, body: str) -> str | None:
        """Return the route key for a message; None if the message is not JSON.

        A value that the message lacks, and one that is a list or an object, is an empty text.
        """
        try:
            message = json.loads(body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            return None
        return "".join(
            part if isinstance(part, str) else _text_at(message, part) for part in self.parts
        )


def parse_selection(expression: str) -> RouteSelection:
    """Return the parts of an expression, such as `$request.body.action` or `${request.body.version}-beta`."""
    parts: list[str | Path] = []
    unknown: list[str] = []
    end = 0
    for match in _PART.finditer(expression):
        parts.append(expression[end : match.start()])
        end = match.end()
        if match["escaped"]:
            parts.append("$")
            continue
        variable = match["braced"] if match["braced"] is not None else match["plain"]
        path = _parse_path(variable.strip())
        if path is None:
            unknown.append(match[0])
        else:
            parts.append(path)
    parts.append(expression[end:])
    return RouteSelection(parts=tuple(part for part in parts if part != ""), unknown=tuple(unknown))


class RouteTable:
    """The routes of an API by their keys."""

    def __init__(self, api: Api) -> None:
        self.selection = parse_selection(api.route_selection or DEFAULT_EXPRESSION)
        self._routes: Mapping[str, Route] = {each.path: each for each in api.routes}
        self.connect = self._routes.get(CONNECT)
        self.disconnect = self._routes.get(DISCONNECT)
        self._default = self._routes.get(DEFAULT_ROUTE)

    def find(self, body: str) -> Route | None:
        """Return the route of a message: the one that its content selects, else `$default`; None if neither exists.

        A client cannot select `$connect` or `$disconnect`.
        """
        key = self.selection.evaluate(body)
        if key is None or key in (CONNECT, DISCONNECT):
            return self._default
        return self._routes.get(key, self._default)


def _parse_path(variable: str) -> Path | None:
    """Return the path below `request.body`; None if the variable is another, or malformed."""
    if not variable.startswith(_BODY):
        return None
    rest = variable[len(_BODY) :]
    steps = tuple(_parse_steps(rest))
    return None if None in steps else tuple(step for step in steps if step is not None)


def _parse_steps(text: str) -> Iterator[str | int | None]:
    """Yield the steps of a path, and None where it is malformed."""
    position = 0
    pattern = re.compile(_STEP)
    while position < len(text):
        match = pattern.match(text, position)
        if match is None:
            yield None
            return
        position = match.end()
        yield int(match["index"]) if match["index"] else match["name"] or match["quoted"]


def _text_at(message: object, path: Path) -> str:
    value = message
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return ""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, dict | list):
        return ""
    return json.dumps(value)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"`{name}` is not JSON")
