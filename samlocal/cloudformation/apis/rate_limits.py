"""How many requests a stage lets to each of its routes: `MethodSettings` of REST APIs, `RouteSettings` of the others.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigateway-stage-methodsetting.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigatewayv2-stage-routesettings.html
"""

from __future__ import annotations

import math
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.settings import skipped
from samlocal.diagnostics import Diagnostic
from samlocal.errors import ProjectError
from samlocal.frozen_dataclass import frozen
from samlocal.project.apis import ANY_METHOD, DEFAULT_ROUTE, ApiKind, RateLimit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.errors import Place
    from samlocal.project.apis import Api, Route

_ANY: Final = "*"
_MOST: Final = 10**9
_RATE: Final = "ThrottlingRateLimit"
_BURST: Final = "ThrottlingBurstLimit"
_UNLIMITED: Final = RateLimit(rate=math.inf)
# That of an account in most Regions: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
_ACCOUNT_RATE: Final = 10_000.0
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html
_METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


@frozen
class StageLimits:
    """The limits of a stage, by route: `GET /items`, the key of a WebSocket route, or `* *` for all; `places` are theirs.

    A route whose own settings have no limit has that of all routes.
    """

    limits: Mapping[str, RateLimit] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)


def read_method_limits(
    settings: Properties, *, all_methods: Properties | None = None
) -> StageLimits:
    """Return the limits in the `MethodSettings` of a REST API's stage; those with an error are reported and left out.

    `all_methods` are settings that have limits themselves, as the stage of a deployment.
    """
    found: list[tuple[str, Properties]] = [(f"{_ANY} {_ANY}", all_methods)] if all_methods else []
    try:
        each_method = settings.mappings("MethodSettings", "a method setting")
    except ProjectError as error:
        settings.missing.diagnostics.append(skipped("`MethodSettings`", error))
        each_method = ()
    for each in each_method:
        try:
            method, path = (_known_text(each, name) for name in ("HttpMethod", "ResourcePath"))
        except ProjectError as error:
            settings.missing.diagnostics.append(skipped("a method setting", error))
            continue
        if method and path:
            found.append((f"{method.upper()} {_resource_path(path)}", each))
    return _read(found)


def read_route_limits(settings: Properties) -> StageLimits:
    """Return the limits in the settings of another API's stage; those with an error are reported and left out."""
    found: list[tuple[str, Properties]] = []
    if default := _mapping(settings, "DefaultRouteSettings"):
        found.append((f"{_ANY} {_ANY}", default))
    if routes := _mapping(settings, "RouteSettings"):
        entries = ((key, _mapping(routes, key)) for key in routes.entries)
        found.extend((key, entry) for key, entry in entries if entry)
    return _read(found)


def _known_text(setting: Properties, name: str) -> str | None:
    """Return which methods or paths a setting is for: all, unless it says so; None if that is unknown."""
    return setting.text(name) if name in setting.entries else _ANY


def _mapping(settings: Properties, name: str) -> Properties | None:
    try:
        return settings.mapping(name)
    except ProjectError as error:
        settings.missing.diagnostics.append(skipped(f"the settings of `{name}`", error))
        return None


def with_limits(api: Api, limits: StageLimits) -> Api:
    """Return an API whose routes have the limits of its stage; settings without a route are among its `failures`."""
    if not limits.limits:
        return api
    known = {key for route in api.routes for _, keys in _keys(api.kind, route) for key in keys}
    strange = tuple(
        Diagnostic(
            message=f"`{key}` has settings, but is not a route of `{api.full_path}`",
            place=limits.places[key],
        )
        for key in limits.limits
        if key not in known
    )
    routes = tuple(replace(each, limits=_of_route(api.kind, each, limits)) for each in api.routes)
    return replace(api, routes=routes, failures=(*api.failures, *strange))


def _of_route(kind: ApiKind, route: Route, limits: StageLimits) -> dict[str, RateLimit]:
    found = {}
    for method, keys in _keys(kind, route):
        limit = next((limits.limits[key] for key in keys if key in limits.limits), _UNLIMITED)
        if limit.rate != math.inf:
            found[method] = limit
    return found


def _keys(kind: ApiKind, route: Route) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the methods of requests that have a limit of their own, and the keys of their settings, the first first.

    A method `ANY` of a REST API is several methods with a limit each; a route `ANY` of an HTTP API is one.
    """
    if kind is not ApiKind.REST:
        is_named = kind is ApiKind.WEBSOCKET or route.path == DEFAULT_ROUTE
        key = route.path if is_named else f"{route.method} {route.path}"
        yield ANY_METHOD, (key, f"{_ANY} {_ANY}")
        return
    for method in _METHODS if route.method == ANY_METHOD else (route.method,):
        of_any = (f"{ANY_METHOD} {route.path}",) if route.method == ANY_METHOD else ()
        yield (
            method,
            (
                f"{method} {route.path}",
                *of_any,
                f"{_ANY} {route.path}",
                f"{method} {_ANY}",
                f"{_ANY} {_ANY}",
            ),
        )


def _resource_path(text: str) -> str:
    """Return the path of a setting, whose inner slashes may be written `~1`; `/*` is all paths."""
    path = "/" + text.replace("~1", "/").strip("/")
    return _ANY if path == "/*" else path


def _read(settings: list[tuple[str, Properties]]) -> StageLimits:
    limits: dict[str, RateLimit] = {}
    places: dict[str, Place] = {}
    for key, each in settings:
        try:
            limit = _limit(each)
        except ProjectError as error:
            each.missing.diagnostics.append(skipped("a limit", error))
        else:
            if limit is not None:
                limits[key], places[key] = limit, each.node.place
    return StageLimits(limits=limits, places=places)


def _limit(settings: Properties) -> RateLimit | None:
    """Return a limit; -1 is none, and lifts one for all routes."""
    if _RATE not in settings.entries and _BURST not in settings.entries:
        return None
    rate = settings.number(_RATE, _ACCOUNT_RATE, least=-1, most=_MOST)
    burst = settings.optional_integer(_BURST, least=-1)
    if rate < 0:
        return _UNLIMITED
    return RateLimit(rate=rate, burst=None if burst is None or burst < 0 else burst)
