"""HTTP integrations with a real server behind them.

What arrives is as recorded on AWS:
https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/test_apigateway_http.snapshot.json
"""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from samlocal.http_api.rest.gateway import RestGateway
from samlocal.project.apis import HttpIntegration, IntegrationResponse
from tests.unit.http_api.gateway_fakes import (
    FakeAuthorizers,
    FakeFunctions,
    FakeWriter,
    headers_of,
)
from tests.unit.http_api.requests import TRACE, function_route, http_request, rest_api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from samlocal.http_api.exchange import HttpResponse

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Answers each connection with the same bytes, and keeps what it received."""

    def __init__(self, answer: bytes, *, delay: float = 0) -> None:
        self.received = b""
        self.port = 0
        self._connections: set[asyncio.Task[None]] = set()
        self._answer = answer
        self._delay = delay

    @property
    def head(self) -> str:
        return self.received.partition(b"\r\n\r\n")[0].decode()

    @property
    def headers(self) -> dict[str, str]:
        lines = (line.partition(": ") for line in self.head.splitlines()[1:])
        return {name: value for name, _, value in lines}

    @property
    def target(self) -> str:
        return self.head.split(" ")[1]

    def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(asyncio.create_task(self._converse(reader, writer)))

    async def close(self) -> None:
        for each in self._connections:
            each.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.received = await reader.readuntil(b"\r\n\r\n")
            length = int(self.headers.get("Content-Length", "0"))
            self.received += await reader.readexactly(length)
            await asyncio.sleep(self._delay)
            writer.write(self._answer)
            await writer.drain()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def serving(answer: bytes = PLAIN, *, delay: float = 0) -> AsyncIterator[Server]:
    """Serve an answer at a free port."""
    server = Server(answer, delay=delay)
    listener = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await server.close()


async def ask(
    url: str, *, path: str = "/{proxy+}", sent: dict[str, Any] | None = None, **integration: object
) -> tuple[HttpResponse, list[str]]:
    """Return the response of a method with an HTTP integration, and what the terminal says."""
    said: list[str] = []
    fields: dict[str, Any] = {"method": "ANY", "timeout_ms": 1000}
    route = function_route(
        path, "ANY", integration=HttpIntegration(url=url, **fields | integration)
    )
    gateway = RestGateway(
        rest_api(route, variables={"version": "v1"}),
        FakeFunctions(),
        FakeAuthorizers(),
        api_keys={},
        report=lambda diagnostic: said.append(diagnostic.message),
    )
    response = await gateway.answer(http_request(**sent or {}), FakeWriter())
    assert response is not None
    return response, said


async def test_proxy() -> None:
    """A proxy passes method, query, headers and body on, and adds its own headers."""
    headers = (
        *(("Host", "127.0.0.1:3000"), ("Accept", "application/json"), ("X-A", "1"), ("X-A", "2")),
        *(("Content-Type", "application/json"), ("Connection", "close"), ("Via", "p")),
        *(("Content-Length", "2"), ("X-Forwarded-For", "10.0.0.1"), ("TE", "deflate")),
    )
    sent = {
        "path": "/a%2Fb/c",
        "method": "POST",
        "query": "q=a%20b&q=2&flag",
        "headers": headers,
        "body": b"{}",
    }
    async with serving() as server:
        url = f"http://127.0.0.1:{server.port}/api/{{proxy}}"
        response, said = await ask(url, sent=sent)
    assert (response.status, response.body, said) == (200, b"ok", [])
    assert server.received.startswith(b"POST /api/a%2Fb/c?q=a%20b&q=2&flag HTTP/1.1\r\n")
    assert server.received.endswith(b"\r\n\r\n{}")
    assert server.head.count("X-A: ") == 2
    assert server.headers == {
        "Host": f"127.0.0.1:{server.port}",
        "Accept": "application/json",
        "X-A": "2",
        "Content-Type": "application/json",
        "X-Amzn-Apigateway-Api-Id": "a1b2c3d4e5",
        "X-Amzn-Trace-Id": TRACE,
        "Content-Length": "2",
        "Connection": "close",
    }


async def test_responses_of_proxies() -> None:
    """A client gets the server's status and headers, some under other names, and no trace."""
    answer = (
        b"HTTP/1.1 404 Not Found\r\nServer: nginx\r\nDate: now\r\nVia: p\r\nX-Own: 1\r\n"
        b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nx-amzn-RequestId: its\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"
    )
    async with serving(answer) as server:
        response, _ = await ask(f"http://127.0.0.1:{server.port}")
    assert (response.status, response.body) == (404, b"no")
    cookies = [value for name, value in response.headers if name == "Set-Cookie"]
    assert cookies == ["a=1", "b=2"]
    headers = {name: value for name, value in response.headers if name != "Set-Cookie"}
    assert len(headers.pop("x-amz-apigw-id")) == 16
    assert headers == {
        "Content-Type": "application/json",
        "x-amzn-Remapped-Server": "nginx",
        "x-amzn-Remapped-Date": "now",
        "X-Own": "1",
        "x-amzn-Remapped-x-amzn-RequestId": "its",
        "x-amzn-RequestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    }


async def test_mapped_parameters() -> None:
    """Mappings set parts of the path, of the query and of the headers."""
    parameters = {
        "integration.request.header.headerVar": "method.request.header.foobar",
        "integration.request.header.X-Literal": "'literal'",
        "integration.request.header.X-Stage": "context.stage",
        "integration.request.path.qsVar": "method.request.querystring.testVar",
        "integration.request.path.pathVar": "method.request.path.pathVariable",
        "integration.request.querystring.queryString": "method.request.querystring.testQueryString",
        "integration.request.querystring.testQs": "method.request.querystring.testQueryString",
        "integration.request.querystring.testEmptyQs": "method.request.header.emptyheader",
    }
    sent = {
        "path": "/foobar",
        "query": "testQueryString=foo&testVar=bar",
        "headers": (("Host", "h"), ("foobar", "mapped-value"), ("headerVar", "request-value")),
    }
    async with serving() as server:
        base = f"http://127.0.0.1:{server.port}/${{stageVariables.version}}"
        await ask(
            f"{base}?testVar={{pathVar}}&testQs={{qsVar}}",
            path="/{pathVariable}",
            sent=sent,
            parameters=parameters,
        )
    assert server.target == (
        "/v1?testVar=foobar&testQs=bar&testQueryString=foo&testVar=bar&queryString=foo&testQs=foo"
    )
    headers = server.headers
    assert (headers["headerVar"], headers["X-Literal"], headers["X-Stage"]) == (
        "mapped-value",
        "literal",
        "dev",
    )


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        pytest.param("a", "a", id="usual"),
        pytest.param("%20a%20b%09", "a b", id="spaces"),
        pytest.param("%E2%82%AC", "€", id="UTF-8"),
        pytest.param("a%0D%0AX-Bad:%201", None, id="line break"),
        pytest.param("a%00", None, id="NUL"),
    ],
)
async def test_header_from_a_parameter(query: str, sent: str | None) -> None:
    """A client decides what a mapped header has; one that cannot be sent is left out, as no other is made of it."""
    parameters = {"integration.request.header.X-Q": "method.request.querystring.q"}
    async with serving() as server:
        response, said = await ask(
            f"http://127.0.0.1:{server.port}/",
            sent={"path": "/x", "query": f"q={query}"},
            parameters=parameters,
        )
    assert (response.status, said) == (200, [])
    assert server.headers.get("X-Q") == sent
    assert "X-Bad" not in server.headers


@pytest.mark.parametrize("is_proxy", [True, False])
async def test_headers_of_a_response_that_cannot_be_sent(
    caplog: pytest.LogCaptureFixture, *, is_proxy: bool
) -> None:
    """They are left out, and named; the client gets the rest of the response."""
    content = rb'{"text": "a\r\nX-Bad: 1"}'
    head = b"HTTP/1.1 200 OK\r\nX-A: a\x01\r\nX-B: 1\r\nContent-Length: %d\r\n\r\n"
    mapped = {
        "method.response.header.X-A": "integration.response.body.text",
        "method.response.header.X-B": "integration.response.header.x-b",
    }
    async with serving(head % len(content) + content) as server:
        response, said = await ask(
            f"http://127.0.0.1:{server.port}",
            method="GET",
            is_proxy=is_proxy,
            responses=() if is_proxy else (IntegrationResponse(status=200, headers=mapped),),
        )
    assert (response.status, response.body, said) == (200, content, [])
    headers = headers_of(response)
    assert headers["x-b"] == "1"
    assert not {"x-a", "x-bad"} & headers.keys()
    assert "skipping the header `X-A`" in caplog.text


async def test_integration_that_is_not_a_proxy() -> None:
    """Only what mappings say is passed on, and the response is the one for the status."""
    answer = b'HTTP/1.1 404 No\r\nX-B: 1\r\nContent-Length: 23\r\n\r\n{"redirect":{"url":"u"}}'
    responses = (
        IntegrationResponse(status=200),
        IntegrationResponse(
            status=410,
            pattern=r"4\d{2}",
            headers={
                "method.response.header.X-A": "integration.response.header.x-b",
                "method.response.header.Location": "integration.response.body.redirect.url",
                "method.response.header.X-None": "integration.response.header.none",
            },
            templates={"application/json": '{"gone": true}'},
        ),
    )
    sent = {"headers": (("Host", "h"), ("X-Own", "1")), "query": "a=1", "path": "/x"}
    async with serving(answer.replace(b"23", b"24")) as server:
        response, _ = await ask(
            f"http://127.0.0.1:{server.port}/fixed",
            sent=sent,
            method="PUT",
            is_proxy=False,
            responses=responses,
        )
    assert server.head.startswith("PUT /fixed HTTP/1.1")
    assert server.headers["User-Agent"] == "AmazonAPIGateway_a1b2c3d4e5"
    assert "X-Own" not in server.headers
    assert (response.status, response.body) == (410, b'{"gone": true}')
    headers = headers_of(response)
    assert (headers["x-a"], headers["location"]) == ("1", "u")
    assert "x-amzn-trace-id" in headers
    assert "x-none" not in headers


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param("application/json", '{"stage": "dev"}', id="template"),
        pytest.param("text/plain", "own", id="another type"),
    ],
)
async def test_template_of_the_request(content_type: str, body: str) -> None:
    """A server gets the body that a template makes, and the client's own without one."""
    headers = (("Host", "h"), ("content-type", content_type))
    async with serving() as server:
        await ask(
            f"http://127.0.0.1:{server.port}",
            sent={"method": "POST", "headers": headers, "body": b"own"},
            method="POST",
            is_proxy=False,
            templates={"application/json": '{"stage": "$context.stage"}'},
        )
    assert server.received.partition(b"\r\n\r\n")[2].decode() == body
    assert server.headers["Content-Type"] == content_type


async def test_slow_server() -> None:
    """A server that is late is a 504."""
    async with serving(delay=0.5) as server:
        response, said = await ask(f"http://127.0.0.1:{server.port}", timeout_ms=50)
    assert (response.status, json.loads(response.body)) == (
        504,
        {"message": "Endpoint request timed out"},
    )
    assert "within 50 ms" in said[0]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"nonsense\r\n\r\n", id="not HTTP"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", id="incomplete"),
    ],
)
async def test_broken_server(answer: bytes) -> None:
    """A server that does not answer whole HTTP is a 504."""
    async with serving(answer) as server:
        response, said = await ask(f"http://127.0.0.1:{server.port}")
    assert (response.status, json.loads(response.body)) == (
        504,
        {"message": "Network error communicating with endpoint"},
    )
    assert "failed" in said[0]


async def test_refused_connection() -> None:
    """Nothing that listens is a 504."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        response, said = await ask(f"http://127.0.0.1:{reserved.getsockname()[1]}")
    assert response.status == 504
    assert "no connection" in said[0]


async def test_tls() -> None:
    """A server that does not speak TLS is a 504."""
    async with serving() as server:
        response, _ = await ask(f"https://127.0.0.1:{server.port}")
    assert response.status == 504


@pytest.mark.parametrize(
    ("url", "parameters", "said"),
    [
        pytest.param("ftp://x", {}, "not the address of an HTTP server", id="scheme"),
        pytest.param("nonsense", {}, "not the address of an HTTP server", id="no address"),
        pytest.param("http://127.0.0.1:99999/", {}, "cannot be requested", id="port"),
        pytest.param(
            "http://127.0.0.1/{missing}", {}, "a parameter without a value", id="parameter"
        ),
        pytest.param(
            "http://127.0.0.1/",
            {"integration.request.header.Content-Length": "'1'"},
            "cannot be mapped",
            id="length",
        ),
    ],
)
async def test_wrong_addresses(url: str, parameters: dict[str, str], said: str) -> None:
    """An address that cannot be asked is a 500."""
    response, lines = await ask(url, parameters=parameters)
    assert (response.status, json.loads(response.body)) == (
        500,
        {"message": "Internal server error"},
    )
    assert said in lines[0]


async def test_large_response() -> None:
    """A response over 10 MiB is not passed on."""
    answer = b"HTTP/1.1 200 OK\r\n\r\n" + bytes(11 * 1024 * 1024)
    async with serving(answer) as server:
        response, said = await ask(f"http://127.0.0.1:{server.port}")
    assert response.status == 500
    assert "10 MiB" in said[0]
