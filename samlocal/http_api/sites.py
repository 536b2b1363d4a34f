"""Which APIs share a port, and which of them answers a request there.

In AWS each API has a host name of its own, and its stage is the first segment of the path. Here the routes of several
APIs share one port as long as no request could be for two of them; the stage, or a base path of a custom domain, may
lead the path, but need not. Of the stages of one API, which share a port too, all but one need it: `$default`, or else
the first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from samlocal.http_api.path_patterns import PathPattern, RouteSet, methods_overlap
from samlocal.project.apis import ANY_METHOD, DEFAULT_ROUTE, DEFAULT_STAGE, ApiKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from samlocal.project.apis import Api

T = TypeVar("T")

_SHARING = (ApiKind.REST, ApiKind.HTTP, ApiKind.WEBSOCKET)


def arrange(apis: Iterable[Api]) -> tuple[tuple[Api, ...], ...]:
    """Return the APIs of each port, in the order of the templates.

    Function URLs, load balancers and web functions answer any path, so each has a port of its own.
    """
    sites: list[list[Api]] = []
    for api in _in_order(apis):
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
    return api.kind, api.label


def needed_prefix(api: Api, site: Sequence[Api]) -> str:
    """Return what has to lead the path of a request to an API on its site: empty, or a stage such as `/dev`."""
    leader = next((each for each in site if _are_stages(each, api)), api)
    return "" if leader.stage == api.stage else f"/{api.stage}"


def _in_order(apis: Iterable[Api]) -> Iterator[Api]:
    """Yield APIs in their order, with the stages of each together, `$default` first."""
    groups: dict[object, list[Api]] = {}
    for number, api in enumerate(apis):
        key = (api.kind, api.full_path) if api.has_other_stages else number
        groups.setdefault(key, []).append(api)
    for group in groups.values():
        yield from sorted(group, key=lambda each: each.stage != DEFAULT_STAGE)


def _are_stages(one: Api, other: Api) -> bool:
    return one.has_other_stages and (one.kind, one.full_path) == (other.kind, other.full_path)


def _may_join(api: Api, site: Sequence[Api]) -> bool:
    prefix = needed_prefix(api, site)
    return all(
        api.kind in _SHARING
        and each.kind in _SHARING
        and (_are_stages(api, each) or not _collide(api, prefix, each, needed_prefix(each, site)))
        for each in site
    )


def _collide(one: Api, prefix: str, other: Api, other_prefix: str) -> bool:
    if ApiKind.WEBSOCKET in {one.kind, other.kind}:
        return one.kind == other.kind  # only one of them takes upgrades
    patterns = _patterns(other, other_prefix)
    return any(
        methods_overlap(method, its_method) and pattern.overlaps(its_pattern)
        for method, pattern in _patterns(one, prefix)
        for its_method, its_pattern in patterns
    )


def _patterns(api: Api, prefix: str) -> list[tuple[str, PathPattern]]:
    """Return the methods and the paths of an API's routes."""
    return [
        (
            each.method,
            PathPattern(
                f"{prefix}/{{proxy+}}"
                if prefix and each.path == DEFAULT_ROUTE
                else prefix + each.path
            ),
        )
        for each in api.routes
    ]


class Selected(NamedTuple, Generic[T]):
    """Who answers a request: the path without the `prefix`; `is_route` is false if no route has that path."""

    member: T
    path: str
    prefix: str
    is_route: bool


class Site(Generic[T]):
    """The APIs of one port, each with what answers for it. A host name chooses those of other ports, too."""

    def __init__(self, members: Sequence[tuple[Api, T]]) -> None:
        apis = [api for api, _ in members]
        self._members = tuple(
            _Member(api, member, needs_prefix=bool(needed_prefix(api, apis)))
            for api, member in members
        )
        self._staged = tuple(each for each in self._members if each.api.has_other_stages)
        self._by_label: dict[str, _Member[T]] = {}
        for each in self._members:
            name = re.sub("[/:]", "-", each.api.full_path).lower()
            for label in (name, each.api.identifier, f"{name}-{each.api.stage.lower()}"):
                self._by_label.setdefault(label, each)
        self._elsewhere: dict[str, Site[T]] = {}

    @property
    def labels(self) -> tuple[str, ...]:
        """The first labels of host names that choose one of the APIs."""
        return tuple(self._by_label)

    def refer_to(self, sites: Iterable[Site[T]]) -> None:
        """Answer requests for APIs of other ports, too, that name them by their host."""
        self._elsewhere = {
            label: site for site in sites for label in site.labels if label not in self._by_label
        }

    @property
    def apis(self) -> tuple[Api, ...]:
        return tuple(each.api for each in self._members)

    def select(self, method: str, path: str, host: str) -> Selected[T]:
        """Return who answers a request for a path, percent-encoded and without the query.

        A host name such as `ServerlessRestApi.localhost`, or the one that the API would have in AWS, chooses the API;
        `ServerlessRestApi-Prod.localhost` chooses a stage.
        """
        label = _label_of(host)
        if (named := self._by_label.get(label)) is not None:
            return self._select_named(named, label, path)
        if (other := self._elsewhere.get(label)) is not None:
            return other.select(method, path, host)
        nobody = Selected(self._members[0].value, path, "", is_route=False)
        return next(self._candidates(method, path), nobody)

    def _candidates(self, method: str, path: str) -> Iterator[Selected[T]]:
        """Yield who could answer a request whose host names no API, the best first."""
        for each in self._staged:
            if (selected := each.select_by_prefix(method, path)) is not None and selected.is_route:
                yield selected
        for each in self._members:
            if not each.needs_prefix and each.has(method, path):
                yield Selected(each.value, path, "", is_route=True)
        for wanted in (method, None):
            for each in self._members:
                if (selected := each.select(wanted, path)) is not None:
                    yield selected

    def _select_named(self, named: _Member[T], label: str, path: str) -> Selected[T]:
        """Return who answers if the host names an API; a prefix chooses between stages that it does not name."""
        if named.api.has_other_stages and not label.endswith(f"-{named.api.stage.lower()}"):
            for each in self._staged:
                if each.api.full_path == named.api.full_path:
                    selected = each.select_by_prefix(None, path)
                    if selected is not None:
                        return selected
        return named.select(None, path, is_named=True) or Selected(
            named.value, path, "", is_route=False
        )

    def websocket(self, path: str, host: str) -> T | None:
        """Return who takes a WebSocket connection: its stage or base path, or its host name, chooses between several."""
        if (other := self._elsewhere.get(_label_of(host))) is not None:
            return other.websocket(path, host)
        kinds = (ApiKind.WEBSOCKET, ApiKind.WEB_FUNCTION)
        members = [each for each in self._members if each.api.kind in kinds]
        named = self._by_label.get(_label_of(host))
        chosen = (each for each in members if each.select_by_prefix(None, path) is not None)
        member = next(chosen, named if named in members else next(iter(members), None))
        return member.value if member else None


def _label_of(host: str) -> str:
    return host.partition(".")[0].lower()


class _Member(Generic[T]):
    """An API: its routes for certain paths, and those for paths of any length."""

    def __init__(self, api: Api, value: T, *, needs_prefix: bool) -> None:
        self.api = api
        self.value = value
        self.needs_prefix = needs_prefix
        routes = [(each.method, each.path) for each in api.routes]
        if api.kind is ApiKind.WEBSOCKET:
            routes = [(ANY_METHOD, "/@connections/{id}")]
        elif api.kind not in _SHARING:
            routes = [(ANY_METHOD, DEFAULT_ROUTE)]
        self._routes = RouteSet(routes)
        names = sorted((api.stage, *api.base_paths), key=len, reverse=True)
        self._prefixes = tuple(f"/{each}" for each in names if each and each != DEFAULT_STAGE)

    def has(self, method: str | None, path: str, *, is_greedy: bool = False) -> bool:
        """Return whether a route has this method, None: any, and this path."""
        return self._routes.has(method, path, is_greedy=is_greedy)

    def select(
        self, method: str | None, path: str, *, is_named: bool = False
    ) -> Selected[T] | None:
        """Return the path that a request has here, with or without a prefix; None if no route has it."""
        is_optional = is_named or not self.needs_prefix
        if is_optional and self.has(method, path):
            return Selected(self.value, path, "", is_route=True)
        if (selected := self.select_by_prefix(method, path)) is not None:
            return selected
        if is_optional and self.has(method, path, is_greedy=True):
            return Selected(self.value, path, "", is_route=True)
        return None

    def select_by_prefix(self, method: str | None, path: str) -> Selected[T] | None:
        """Return the path behind a stage or a base path; None if neither leads the path, or no route has the method."""
        for prefix in self._prefixes:
            rest = path[len(prefix) :]
            if path.startswith(prefix) and (not rest or rest[0] == "/"):
                rest = rest or "/"
                is_route = self.has(method, rest, is_greedy=True)
                if is_route or method is None:
                    return Selected(self.value, rest, prefix, is_route=is_route)
        return None
