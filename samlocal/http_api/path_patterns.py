"""Paths of routes: `/items/{id}`, `/{proxy+}`, `$default`, and which addresses they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.project.apis import ANY_METHOD, DEFAULT_ROUTE

if TYPE_CHECKING:
    from collections.abc import Iterable

# Segments that stand for one other segment, and for one or more.
_PARAMETER: Final = "{}"
_GREEDY: Final = "{+}"


class PathPattern:
    """The path of a route, for comparisons that do not need its parameters."""

    def __init__(self, path: str) -> None:
        self._segments = (_GREEDY,) if path == DEFAULT_ROUTE else tuple(map(_kind, _split(path)))
        self._is_default = path == DEFAULT_ROUTE

    def overlaps(self, other: PathPattern) -> bool:
        """Return whether there is a path that both stand for."""
        if self._is_default or other._is_default:
            return True
        return _unify(self._segments, other._segments)


class RouteSet:
    """The methods and paths of routes, to look up whether a request has one."""

    def __init__(self, routes: Iterable[tuple[str, str]]) -> None:
        self._root = _Node()
        self._default: set[str] = set()
        for method, path in routes:
            if path == DEFAULT_ROUTE:
                self._default.add(method)
            else:
                self._add(method, _split(path))

    def has(self, method: str | None, path: str, *, is_greedy: bool) -> bool:
        """Return whether a route has this method, None: any, and this path, percent-encoded.

        Without `is_greedy` only routes for paths of a certain length count.
        """
        if is_greedy and _takes(self._default, method):
            return True
        return self._root.has(method, _split(path), 0, is_greedy=is_greedy)

    def _add(self, method: str, segments: list[str]) -> None:
        node = self._root
        for kind in map(_kind, segments):
            if kind == _GREEDY:
                node.greedy.add(method)
                return
            if kind == _PARAMETER:
                node.parameter = node = node.parameter or _Node()
            else:
                node = node.fixed.setdefault(kind, _Node())
        node.methods.add(method)


class _Node:
    """The methods of a path, and of the paths below it."""

    def __init__(self) -> None:
        self.methods: set[str] = set()
        self.greedy: set[str] = set()
        self.fixed: dict[str, _Node] = {}
        self.parameter: _Node | None = None

    def has(self, method: str | None, segments: list[str], depth: int, *, is_greedy: bool) -> bool:
        if depth == len(segments):
            return _takes(self.methods, method)
        segment = segments[depth]
        if is_greedy and segment and _takes(self.greedy, method):
            return True
        below = (self.fixed.get(segment), self.parameter if segment else None)
        return any(
            each is not None and each.has(method, segments, depth + 1, is_greedy=is_greedy)
            for each in below
        )


def _takes(methods: set[str], method: str | None) -> bool:
    if method is None:
        return bool(methods)
    return method in methods or ANY_METHOD in methods


def methods_overlap(one: str, other: str) -> bool:
    """Return whether there is a method that both stand for."""
    return one == other or ANY_METHOD in {one, other}


def _split(path: str) -> list[str]:
    return path.strip("/").split("/")


def _kind(segment: str) -> str:
    if segment.startswith("{") and segment.endswith("+}"):
        return _GREEDY
    if segment.startswith("{") and segment.endswith("}"):
        return _PARAMETER
    return segment


def _unify(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    for mine, its in zip(one, other, strict=False):
        if _GREEDY in {mine, its}:
            return bool(mine and its)
        if mine != its and not (_PARAMETER in {mine, its} and mine and its):
            return False
    return len(one) == len(other)
