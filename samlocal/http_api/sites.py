"""Which APIs share a port, and which of them answers a request there.

In AWS each API has a host name of its own, and its stage is the first segment of the path. Here the routes of several
APIs share one port as long as no request could be for two of them; the stage, or the base path of a custom domain, may
lead the path, but need not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from samlocal.http_api.path_patterns import PathPattern, methods_overlap
from samlocal.project.apis import ANY_METHOD, DEFAULT_ROUTE, DEFAULT_STAGE, ApiKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from samlocal.project.apis import Api

T = TypeVar("T")

_SHARING = (ApiKind.REST, ApiKind.HTTP, ApiKind.WEBSOCKET)


def arrange(apis: Iterable[Api]) -> tuple[tuple[Api, ...], ...]:
    """Return the APIs of each port, in the order of the templates.

    Function URLs, load balancers and web functions answer any path, so each has a port of its own.
    """
    sites: list[list[Api]] = []
    for api in apis:
        site = next((each for each in sites if _may_join(api, each)), None)
        if site is None:
            sites.append([api])
        else:
            site.append(api)
    return tuple(map(tuple, sites))


def assign_ports(sites: Sequence[Sequence[Api]], ports: Sequence[Sequence[Api]]) -> tuple[int, ...]:
    """Return the number of the port of each site, so that an API keeps the address that its clients know.

    `ports` are the APIs that each port has or had. A site gets the port of one of its APIs, else one after all of them.
    """
    names = [{_identity(api) for api in apis} for apis in ports]
    free = set(range(len(ports)))
    following = iter(range(len(ports), len(ports) + len(sites)))
    assigned = []
    for apis in sites:
        own = {_identity(api) for api in apis}
        number = next((each for each in sorted(free) if names[each] & own), None)
        free.discard(-1 if number is None else number)
        assigned.append(next(following) if number is None else number)
    return tuple(assigned)


def _identity(api: Api) -> tuple[ApiKind, str]:
    return api.kind, api.full_path


def _may_join(api: Api, site: Sequence[Api]) -> bool:
    return all(
        api.kind in _SHARING and each.kind in _SHARING and not _collide(api, each) for each in site
    )


def _collide(one: Api, other: Api) -> bool:
    if ApiKind.WEBSOCKET in {one.kind, other.kind}:
        return one.kind == other.kind  # only one of them takes upgrades
    patterns = [(each.method, PathPattern(each.path)) for each in other.routes]
    return any(
        methods_overlap(route.method, method) and PathPattern(route.path).overlaps(pattern)
        for route in one.routes
        for method, pattern in patterns
    )


class Selected(NamedTuple, Generic[T]):
    """Who answers a request: the path without the `prefix`; `is_route` is false if no route has that path."""

    member: T
    path: str
    prefix: str
    is_route: bool


class Site(Generic[T]):
    """The APIs of one port, each with what answers for it."""

    def __init__(self, members: Sequence[tuple[Api, T]]) -> None:
        self._members = tuple(_Member(api, member) for api, member in members)
        self._by_label = {
            label.lower(): each
            for each in reversed(self._members)
            for label in (each.api.full_path.replace("/", "-"), each.api.identifier)
        }

    @property
    def apis(self) -> tuple[Api, ...]:
        return tuple(each.api for each in self._members)

    def select(self, method: str, path: str, host: str) -> Selected[T]:
        """Return who answers a request for a path, percent-encoded and without the query.

        A host name such as `ServerlessRestApi.localhost`, or the one that the API would have in AWS, chooses the API.
        """
        label = host.partition(".")[0].lower()
        if (named := self._by_label.get(label)) is not None:
            return named.select(None, path) or Selected(named.value, path, "", is_route=False)
        for each in self._members:
            if each.has(method, path):
                return Selected(each.value, path, "", is_route=True)
        for each in self._members:
            if (selected := each.select(method, path)) is not None:
                return selected
        for each in self._members:
            if (selected := each.select(None, path)) is not None:
                return selected
        return Selected(self._members[0].value, path, "", is_route=False)

    def websocket(self) -> T | None:
        """Return who takes WebSocket connections."""
        return next(
            (each.value for each in self._members if each.api.kind is ApiKind.WEBSOCKET), None
        )


class _Member(Generic[T]):
    """An API: its routes for certain paths, and those for paths of any length."""

    def __init__(self, api: Api, value: T) -> None:
        self.api = api
        self.value = value
        routes = [(each.method, PathPattern(each.path)) for each in api.routes]
        if api.kind is ApiKind.WEBSOCKET:
            routes = [(ANY_METHOD, PathPattern("/@connections/{id}"))]
        elif api.kind not in _SHARING:
            routes = [(ANY_METHOD, PathPattern(DEFAULT_ROUTE))]
        self._exact = [each for each in routes if not each[1].is_greedy]
        self._routes = routes
        names = (api.stage, api.base_path)
        self._prefixes = tuple(f"/{each}" for each in names if each and each != DEFAULT_STAGE)

    def has(self, method: str | None, path: str, *, is_greedy: bool = False) -> bool:
        """Return whether a route has this method, None: any, and this path."""
        return any(
            (method is None or methods_overlap(method, own)) and pattern.matches(path)
            for own, pattern in (self._routes if is_greedy else self._exact)
        )

    def select(self, method: str | None, path: str) -> Selected[T] | None:
        """Return the path that a request has here, with or without a prefix; None if no route has it."""
        if self.has(method, path):
            return Selected(self.value, path, "", is_route=True)
        for prefix in self._prefixes:
            rest = path[len(prefix) :]
            if path.startswith(prefix) and (not rest or rest[0] == "/"):
                rest = rest or "/"
                is_route = self.has(method, rest, is_greedy=True)
                if is_route or method is None:
                    return Selected(self.value, rest, prefix, is_route=is_route)
        if self.has(method, path, is_greedy=True):
            return Selected(self.value, path, "", is_route=True)
        return None
