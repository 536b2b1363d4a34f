"""Routes of HTTP APIs that call another HTTP server, on a real connection."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from samlocal.http_api.http.gateway import HttpGateway
from samlocal.project.apis import Api, ApiKind, Cors, HttpIntegration, Route
from tests.functional.http_server.serving import read_body, respond, served
from tests.unit.http_api.gateway_fakes import (
    TRACE_HEADER,
    FakeAuthorizers,
    FakeFunctions,
    FakeWriter,
    headers_of,
    http_request,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.exchange import HttpRequest, HttpResponse
    from samlocal.http_server.asgi import Receive, Scope, Send


async def back_end(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what has arrived, or late."""
    target = scope["raw_path"].decode()
    if "slow" in target:
        await asyncio.sleep(1)
    arrived = {
        "method": scope["method"],
        "path": target.partition("?")[0],
        "query": scope["query_string"].decode(),
        "headers": {name.decode(): value.decode() for name, value in scope["headers"]},
        "body": (await read_body(receive)).decode(),
    }
    headers = ((b"x-own", b"1"), (b"set-cookie", b"a=b"), (b"access-control-allow-origin", b"*"))
    await respond(send, 207, json.dumps(arrived).encode(), *headers)


async def ask(
    request: HttpRequest,
    url: str,
    *,
    path: str = "/items/{proxy+}",
    method: str = "ANY",
    parameters: Mapping[str, str] | None = None,
    timeout_ms: int = 30_000,
    said: list[Diagnostic] | None = None,
    cors: Cors | None = None,
) -> HttpResponse:
    """Return the response of an API with one route, whose URL has `PORT` for that of the server."""
    async with served(back_end) as (_, port):
        integration = HttpIntegration(
            url=url.replace("PORT", str(port)),
            method=method,
            timeout_ms=timeout_ms,
            parameters=parameters or {},
        )
        api = Api(
            kind=ApiKind.HTTP,
            full_path="Api",
            identifier="api-id",
            stage="dev",
            routes=(Route(method="ANY", path=path, integration=integration),),
            cors=cors,
        )
        report = (said if said is not None else []).append
        gateway = HttpGateway(api, FakeFunctions(), FakeAuthorizers(), report=report)
        return await gateway.answer(request, FakeWriter())


async def arrived(request: HttpRequest, url: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what the server got."""
    response = await ask(request, url, **options)
    assert response.status == 207
    found: dict[str, Any] = json.loads(response.body)
    return found


async def test_request_and_response() -> None:
    """The whole request arrives, with what API Gateway adds, and the response comes back as it is."""
    request = http_request(
        "PUT",
        "/items/a%20b/c?q=%C3%BC&q=2",
        ("X-A", "1"),
        ("Content-Type", "text/plain"),
        ("Connection", "keep-alive"),
        body=b"text",
        host="api.example.com",
    )
    response = await ask(request, "http://127.0.0.1:PORT/things/{proxy}?own=1")
    assert response.status == 207
    found = json.loads(response.body)
    assert (found["method"], found["body"]) == ("PUT", "text")
    assert (found["path"], found["query"]) == ("/things/a%20b/c", "own=1&q=%C3%BC&q=2")
    headers = found["headers"]
    assert headers["host"].startswith("127.0.0.1:")
    assert headers["forwarded"] == (
        "by=api.example.com;for=192.0.2.1;host=api.example.com;proto=https"
    )
    assert headers["via"] == "HTTP/1.1 AmazonAPIGateway"
    assert headers["x-amzn-trace-id"] == TRACE_HEADER
    assert (headers["x-a"], headers["content-type"]) == ("1", "text/plain")
    sent_back = headers_of(response)
    assert (sent_back["x-own"], sent_back["set-cookie"]) == ("1", "a=b")
    assert sent_back["access-control-allow-origin"] == "*"
    assert sent_back["apigw-requestid"] == "HhK3xfC1EGoo+ZM="


async def test_header_from_a_parameter() -> None:
    """A header that a client has made one which cannot be sent is left out."""
    found = await arrived(
        http_request("GET", "/items/7?a=1%0D%0AX-Bad:%201&b=%20b"),
        "http://127.0.0.1:PORT/things",
        parameters={
            "append:header.x-a": "$request.querystring.a",
            "append:header.x-b": "$request.querystring.b",
        },
    )
    assert not {"x-a", "x-bad"} & found["headers"].keys()
    assert found["headers"]["x-b"] == "b"


async def test_default_route() -> None:
    """It sends the whole path to the server, behind that of the URL."""
    found = await arrived(
        http_request("GET", "/a%20b/c?d=e"), "http://127.0.0.1:PORT/base/", path="$default"
    )
    assert (found["path"], found["query"]) == ("/base/a%20b/c", "d=e")


async def test_fixed_method_and_path() -> None:
    """An integration may have a method, and a path without variables."""
    found = await arrived(http_request("GET", "/items/a"), "http://127.0.0.1:PORT", method="POST")
    assert (found["method"], found["path"]) == ("POST", "/")


async def test_parameters() -> None:
    """Headers, query and path are changed as the integration says."""
    found = await arrived(
        http_request("GET", "/items/7?keep=a%20b&drop=2", ("X-Drop", "1"), ("X-A", "1")),
        "http://127.0.0.1:PORT/things",
        parameters={
            "remove:header.x-drop": "''",
            "append:header.x-stage": "$context.stage",
            "overwrite:header.x-a": "${request.header.x-a}-2",
            "remove:querystring.drop": "''",
            "append:querystring.id": "$request.path.proxy",
            "overwrite:path": "/other/${request.path.proxy}",
        },
    )
    assert (found["path"], found["query"]) == ("/other/7", "keep=a+b&id=7")
    assert (found["headers"]["x-stage"], found["headers"]["x-a"]) == ("dev", "1-2")
    assert "x-drop" not in found["headers"]


async def test_cors_of_the_api() -> None:
    """The server's own CORS headers are ignored as those of functions are."""
    response = await ask(
        http_request("GET", "/items/a", ("Origin", "https://a.example")),
        "http://127.0.0.1:PORT/",
        cors=Cors(origins=("https://*",)),
    )
    assert headers_of(response)["access-control-allow-origin"] == "https://a.example"


def free_port() -> int:
    """Return a port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://127.0.0.1:PORT/slow", "has not answered within 100 ms"),
        ("http://127.0.0.1:FREE/", "no connection to 127.0.0.1"),
        ("http://no-such-host.invalid/", "no-such-host.invalid"),
    ],
)
async def test_servers_that_do_not_answer(url: str, text: str) -> None:
    """The client gets a 503, and the terminal the reason."""
    said: list[Diagnostic] = []
    response = await ask(
        http_request("GET", "/items/a"),
        url.replace("FREE", str(free_port())),
        timeout_ms=100 if "slow" in url else 10_000,
        said=said,
    )
    assert (response.status, response.body) == (503, b'{"message":"Service Unavailable"}')
    assert text in said[0].message


@pytest.mark.parametrize(
    ("url", "named"),
    [
        pytest.param("http://[::1", "`http://[::1`", id="half an address"),
        pytest.param("http://a..example/", "`a..example`", id="empty label"),
        pytest.param(f"http://{'a' * 64}.example/", "aa.example`", id="long label"),
        pytest.param("https://.example/", "`.example`", id="no first label"),
        pytest.param("http://127.0.0.1:99999/", "`http://127.0.0.1:99999/`", id="port"),
    ],
)
async def test_addresses_that_are_none(url: str, named: str) -> None:
    """The client gets a 503, and the terminal the address."""
    said: list[Diagnostic] = []
    response = await ask(http_request("GET", "/items/a"), url, said=said)
    assert response.status == 503
    assert named in said[0].message
