"""The routes of an HTTP API, and which of them answers a request.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html#http-api-develop-routes.evaluation
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen
from samlocal.project.apis import ANY_METHOD, DEFAULT_ROUTE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from samlocal.project.apis import Route


@frozen
class MatchedRoute:
    """The route of a request, and the values of its path variables."""

    route: Route
    key: str
    parameters: Mapping[str, str]


class RouteTable:
    """Finds routes: fixed paths first, then those with variables, then greedy ones, the longest first, then `$default`.

    Of one path, a route with the request's method comes before one with `ANY`. A path that lacks the method does not
    end the search.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._fixed: dict[tuple[str, ...], list[Route]] = {}
        self._default: Route | None = None
        variable: list[_VariablePath] = []
        for route in sorted(routes, key=lambda each: each.method == ANY_METHOD):
            segments = _split(route.path)
            if route.path == DEFAULT_ROUTE:
                self._default = self._default or route
            elif any(map(_is_variable, segments)):
                variable.append(_VariablePath(route, segments))
            else:
                self._fixed.setdefault(segments, []).append(route)
        variable.sort(key=lambda each: each.order)
        self._variable = {
            method: tuple(each for each in variable if each.route.method in {method, ANY_METHOD})
            for method in {ANY_METHOD, *(each.route.method for each in variable)}
        }

    def find(self, method: str, path: str) -> MatchedRoute | None:
        """Return the route for a method and a decoded path; None if there is none, not even `$default`."""
        segments = _split(path)
        for route in self._fixed.get(segments, ()):
            if route.method in {method, ANY_METHOD}:
                return _matched(route, {})
        for each in self._variable.get(method, self._variable[ANY_METHOD]):
            parameters = each.match(segments)
            if parameters is not None:
                return _matched(each.route, parameters)
        return None if self._default is None else _matched(self._default, {})


class _VariablePath:
    def __init__(self, route: Route, segments: tuple[str, ...]) -> None:
        self.route = route
        last = segments[-1]
        self._greedy = last[1:-2] if last.endswith("+}") else None
        self._fixed = segments[:-1] if self._greedy is not None else segments
        self._names = tuple(each[1:-1] if _is_variable(each) else None for each in self._fixed)
        self.order = (
            self._greedy is not None,
            -len(self._fixed) if self._greedy is not None else 0,
            tuple(name is not None for name in self._names),
            route.method == ANY_METHOD,
        )

    def match(self, segments: tuple[str, ...]) -> dict[str, str] | None:
        """Return the values of the variables, of which none is empty; None if the path is another."""
        count = len(self._fixed)
        if len(segments) < count:
            return None
        found: dict[str, str] = {}
        for name, own, segment in zip(self._names, self._fixed, segments, strict=False):
            if name is None:
                if own != segment:
                    return None
            elif segment:
                found[name] = segment
            else:
                return None
        rest = "/".join(segments[count:])
        if bool(rest) is (self._greedy is None):
            return None
        if self._greedy is not None:
            found[self._greedy] = rest
        return found


def route_key(route: Route) -> str:
    """Return the key of a route as events have it: `GET /items/{id}`, `ANY /items`, `$default`."""
    return DEFAULT_ROUTE if route.path == DEFAULT_ROUTE else f"{route.method} {route.path}"


def _matched(route: Route, parameters: Mapping[str, str]) -> MatchedRoute:
    return MatchedRoute(route=route, key=route_key(route), parameters=parameters)


def _split(path: str) -> tuple[str, ...]:
    return tuple(path.removeprefix("/").split("/"))


def _is_variable(segment: str) -> bool:
    return segment.startswith("{") and segment.endswith("}")
