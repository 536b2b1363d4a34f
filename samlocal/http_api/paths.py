"""The resources of a REST API: which of them a request's path means.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-set-up-simple-proxy.html
"""

from __future__ import annotations

from typing import Final, Generic, NamedTuple, TypeVar

T = TypeVar("T")

_ROOT: Final = "/"


class PathMatch(NamedTuple, Generic[T]):
    """What a path leads to, and the values of its parameters, which stay percent-encoded."""

    value: T
    parameters: dict[str, str]


class _Node(Generic[T]):
    """The resource of a path, if `end` is set, and those below it."""

    def __init__(self) -> None:
        self.fixed: dict[str, _Node[T]] = {}
        self.parameter: _Node[T] | None = None
        self.greedy: _Node[T] | None = None
        self.end: tuple[tuple[str, ...], T] | None = None


class PathTree(Generic[T]):
    """Resources by their paths.

    The most specific one matches: segment by segment, a fixed segment comes before `{id}`, and that before `{proxy+}`.
    """

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, path: str, value: T) -> None:
        """Add a resource, whose path is as in the template; an equal path is replaced."""
        node, names = self._root, []
        for segment in _segments(path):
            if segment.startswith("{") and segment.endswith("+}"):
                names.append(segment[1:-2])
                node.greedy = node = node.greedy or _Node()
            elif segment.startswith("{") and segment.endswith("}"):
                names.append(segment[1:-1])
                node.parameter = node = node.parameter or _Node()
            else:
                node = node.fixed.setdefault(segment, _Node())
        node.end = (tuple(names), value)

    def match(self, path: str) -> PathMatch[T] | None:
        """Return the resource that a percent-encoded path means; slashes at either end do not count.

        A parameter is never empty. That of `{proxy+}` has neither a leading nor a trailing slash.
        """
        values: list[str] = []
        end = _find(self._root, _segments(path), values)
        if end is None:
            return None
        names, value = end
        return PathMatch(value, dict(zip(names, values, strict=True)))


def _segments(path: str) -> list[str]:
    inner = path.strip(_ROOT)
    return inner.split("/") if inner else []


def _find(
    node: _Node[T], segments: list[str], values: list[str]
) -> tuple[tuple[str, ...], T] | None:
    """Return the end below a node that segments lead to, and append the values of its parameters."""
    if not segments:
        return node.end
    first, rest = segments[0], segments[1:]
    if (fixed := node.fixed.get(first)) and (found := _find(fixed, rest, values)):
        return found
    if first and node.parameter:
        values.append(first)
        if found := _find(node.parameter, rest, values):
            return found
        values.pop()
    if node.greedy and node.greedy.end:
        values.append("/".join(segments))
        return node.greedy.end
    return None
