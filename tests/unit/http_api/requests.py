"""Requests and APIs as the tests of gateways need them."""

from __future__ import annotations

from typing import Any

from samlocal.http_api.exchange import HttpRequest
from samlocal.project.apis import Api, ApiKind, FunctionIntegration, FunctionTarget, Route

ROOT = "1-5759e988-bd862e3fe1be46a994272793"
TRACE = f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1"
RECEIVED = 1_795_687_872.25  # 26 November 2026, 10:11:12.25 UTC


def http_request(path: str = "/items/7", method: str = "GET", **changes: object) -> HttpRequest:
    """Return a request as a server passes it on; its headers are the host only, unless others are given."""
    fields: dict[str, Any] = {
        "headers": (("Host", "127.0.0.1:3000"),),
        "query": "",
        "body": b"",
        "source_ip": "127.0.0.1",
        "port": 3000,
        "scheme": "http",
        "received": RECEIVED,
        "request_id": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "trace_header": TRACE,
    }
    fields |= changes
    hosts = (value for name, value in fields["headers"] if name.lower() == "host")
    fields.setdefault("host", next(hosts, "127.0.0.1:3000"))
    return HttpRequest(method=method, path=path, **fields)


def function_route(path: str, method: str = "GET", **changes: object) -> Route:
    """Return a route of the function `Items`; changes are those of the route."""
    fields: dict[str, Any] = {
        "integration": FunctionIntegration(
            target=FunctionTarget(function="Items"), payload="1.0", timeout_ms=29_000
        )
    }
    return Route(method=method, path=path, **fields | changes)


def rest_api(*routes: Route, **changes: object) -> Api:
    """Return a REST API with the stage `dev`."""
    fields: dict[str, Any] = {"full_path": "Shop", "identifier": "a1b2c3d4e5", "stage": "dev"}
    return Api(kind=ApiKind.REST, routes=routes, **fields | changes)
