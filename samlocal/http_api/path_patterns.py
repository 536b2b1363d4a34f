"""Paths of routes: `/items/{id}`, `/{proxy+}`, `$default`, and which addresses they stand for."""

from __future__ import annotations

from typing import Final

from samlocal.project.apis import ANY_METHOD, DEFAULT_ROUTE

# Segments that stand for one other segment, and for one or more.
_PARAMETER: Final = "{}"
_GREEDY: Final = "{+}"


class PathPattern:
    """The path of a route, for comparisons that do not need its parameters."""

    def __init__(self, path: str) -> None:
        self._segments = (_GREEDY,) if path == DEFAULT_ROUTE else tuple(map(_kind, _split(path)))
        self._is_default = path == DEFAULT_ROUTE
        self.is_greedy = _GREEDY in self._segments
        """Whether it stands for paths of any length."""

    def matches(self, path: str) -> bool:
        """Return whether a request's path, percent-encoded, is one of this route."""
        return self._is_default or _unify(self._segments, tuple(_split(path)))

    def overlaps(self, other: PathPattern) -> bool:
        """Return whether there is a path that both stand for."""
        if self._is_default or other._is_default:
            return True
        return _unify(self._segments, other._segments)


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
