"""APIs in a few words, for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.project.apis import (
    CustomFunctionIntegration,
    FunctionIntegration,
    HttpIntegration,
    MockIntegration,
    UnsupportedAuthorizer,
    UnsupportedIntegration,
)

if TYPE_CHECKING:
    from samlocal.project.apis import Api, Route


def outline(api: Api) -> list[str]:
    """Return each route in a line: `GET /items -> F`, with the type of what is not a function."""
    return [f"{route.method} {route.path} -> {_target(route)}" for route in api.routes]


def open_routes(api: Api) -> list[str]:
    """Return the routes that do not refuse all requests, as `outline` does."""
    lines = zip(api.routes, outline(api), strict=True)
    return [line for route, line in lines if not _is_closed(route)]


def closed_routes(api: Api) -> list[str]:
    """Return method and path of the routes that refuse all requests."""
    return [f"{route.method} {route.path}" for route in api.routes if _is_closed(route)]


def _is_closed(route: Route) -> bool:
    return isinstance(route.integration, UnsupportedIntegration) or isinstance(
        route.authorizer, UnsupportedAuthorizer
    )


def _target(route: Route) -> str:
    match route.integration:
        case FunctionIntegration(target=target) | CustomFunctionIntegration(target=target):
            return f"{target.function}:{target.qualifier}" if target.qualifier else target.function
        case MockIntegration():
            return "mock"
        case HttpIntegration(url=url):
            return url
        case UnsupportedIntegration(diagnostic=diagnostic):
            return f"unsupported: {diagnostic.message}"
