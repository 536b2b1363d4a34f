"""Routes as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.http_api.sites import needed_prefix
from samlocal.project.apis import (
    DEFAULT_ROUTE,
    ApiKind,
    CustomFunctionIntegration,
    FunctionIntegration,
    HttpIntegration,
    MockIntegration,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.project.apis import Api, Route

_OF_ONE_ROUTE: Final = (ApiKind.FUNCTION_URL, ApiKind.WEB_FUNCTION)


def url_of_route(site: str, api: Api, route: Route, apis: Sequence[Api]) -> str:
    """Return where a route is served, on the site with a URL and with all of its `apis`.

    A route for all paths beside others has `*` for them, that of a function or a program its root.
    """
    if api.kind is ApiKind.WEBSOCKET:
        return f"{site.replace('http', 'ws', 1)}/{api.stage} {route.path}"
    # A path with an error may lack its slash.
    path = route.path.removeprefix("/")
    if route.path == DEFAULT_ROUTE:
        path = "" if api.kind in _OF_ONE_ROUTE else "*"
    return f"{site}{needed_prefix(api, apis)}/{path}"


def target_of(route: Route) -> str:
    """Return what answers a route, in a word."""
    match route.integration:
        case FunctionIntegration(target=target) | CustomFunctionIntegration(target=target):
            return f"{target.function}:{target.qualifier}" if target.qualifier else target.function
        case MockIntegration():
            return "(mock)"
        case HttpIntegration(url=url):
            return url
        case _:
            return "(not supported)"
