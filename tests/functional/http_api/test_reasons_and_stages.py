"""What clients see of status descriptions and of stages, over sockets."""

from __future__ import annotations

import http.client
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from samlocal.http_api.app import http_app
from samlocal.http_api.gateways import Gateways
from samlocal.http_api.sites import Site, arrange
from samlocal.project.apis import Api, ApiKind, FunctionIntegration, FunctionTarget, Route
from tests.functional.http_server.serving import exchange, served
from tests.unit.http_api.gateway_fakes import FakeAuthorizers, FakeFunctions

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.http_api.exchange import Gateway
    from samlocal.http_server.asgi import ASGIApp


def make_api(kind: ApiKind, stage: str = "$default", path: str = "$default") -> Api:
    integration = FunctionIntegration(
        target=FunctionTarget(function="F"), payload="1.0", timeout_ms=5_000
    )
    return Api(
        kind=kind,
        full_path="Shop",
        identifier="abcdefghij",
        stage=stage,
        routes=(Route(method="ANY", path=path, integration=integration),),
    )


def app_of(answer: Callable[[Any], object], *apis: Api) -> ASGIApp:
    gateways = Gateways(
        FakeFunctions(answer), FakeAuthorizers(), api_keys={}, report=lambda _: None
    )
    (members,) = arrange(apis)
    made: Site[Gateway] = Site([(each, gateways.gateway(each)) for each in members])

    async def site() -> Site[Gateway]:
        return made

    return http_app(site, allowed_hosts=())


def request(target: str, host: str = "localhost") -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()


async def test_reason_phrases() -> None:
    """A load balancer sends the description that its function gives, and the usual phrase without one."""
    api = make_api(ApiKind.LOAD_BALANCER)

    def answer(event: Any) -> object:  # noqa: ANN401  # JSON
        description = {"statusDescription": "418 I am a teapot"} if event["path"] == "/tea" else {}
        return {"statusCode": 418 if description else 200, **description}

    async with served(app_of(answer, api)) as (_, port):
        assert (await exchange(port, request("/tea"))).startswith(b"HTTP/1.1 418 I am a teapot\r\n")
        assert (await exchange(port, request("/"))).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("target", "host", "stage"),
    [
        ("/items", "localhost", "dev"),
        ("/dev/items", "localhost", "dev"),
        ("/prod/items", "localhost", "prod"),
        ("/items", "shop-prod.localhost", "prod"),
        ("/prod/items", "shop.localhost", "prod"),
    ],
)
async def test_stages(target: str, host: str, stage: str) -> None:
    """Each stage of an API is reached at one port, and its function gets its name and its path."""
    apis = [
        replace(make_api(ApiKind.REST, each, "/items"), has_other_stages=True)
        for each in ("dev", "prod")
    ]

    def answer(event: Any) -> object:  # noqa: ANN401  # JSON
        context = event["requestContext"]
        return {"body": json.dumps([context["stage"], context["path"], event["path"]])}

    async with served(app_of(answer, *apis)) as (_, port):
        reply = await exchange(port, request(target, host))
    head, _, body = reply.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 " + http.client.responses[200].encode())
    assert json.loads(body) == [stage, f"/{stage}/items", "/items"]
