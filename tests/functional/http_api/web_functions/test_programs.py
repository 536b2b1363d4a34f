"""Web functions with real programs: Node.js behind the server, and clients in front of it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import subprocess
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from samlocal.errors import ProgramNotListeningError
from samlocal.http_api.app import http_app
from samlocal.http_api.sites import Site
from samlocal.http_api.web_functions.gateway import WebFunctionGateway
from samlocal.project.apis import Api, ApiKind
from tests import nodejs
from tests.free_ports import free_port
from tests.functional.http_server.serving import served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.exchange import Gateway

_API = Api(
    kind=ApiKind.WEB_FUNCTION, full_path="Site", identifier="abcdefghij", stage="dev", routes=()
)
# As the service's runtime tells programs where to listen.
_PROGRAM = """
import http from 'node:http';
const [host, port] = process.env.AWS_LAMBDA_HTTP_ENDPOINT.split(':');
const arrived = [];
const broken = [];
const waiting = [];
let next, together = 0, most = 0;
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
http.createServer(async (request, response) => {
  const path = request.url.split('?')[0];
  if (path === '/stream') {
    response.writeHead(200, {'Content-Type': 'text/event-stream'});
    for (let number = 0; number < 3; number++) {
      response.write(`data: ${number}\\n\\n`);
      await new Promise((resolve) => { next = resolve; });
    }
    response.end();
  } else if (path === '/next') {
    next();
    response.end();
  } else if (path === '/together') {
    together += 1;
    most = Math.max(most, together);
    await sleep(200);
    together -= 1;
    response.end();
  } else if (path === '/most') {
    response.end(`most ${most}`);
  } else if (path === '/silent') {
    const note = (urls) => {
      urls.push(request.url);
      waiting.splice(0).forEach((resolve) => resolve());
    };
    note(arrived);
    response.on('close', () => note(broken));
    if (request.url !== '/silent?late') response.write('begun');
  } else if (path === '/arrived' || path === '/broken') {
    const urls = path === '/arrived' ? arrived : broken;
    const url = decodeURIComponent(request.url.split('?')[1]);
    while (!urls.includes(url)) await new Promise((resolve) => waiting.push(resolve));
    response.end(url);
  } else if (path === '/crash') {
    request.socket.destroy();
  } else if (path === '/half') {
    response.writeHead(200, {'Content-Length': 100});
    response.write('half');
    await sleep(50);
    request.socket.destroy();
  } else if (path === '/slow') {
    await sleep(5000);
    response.end();
  } else {
    let size = 0;
    for await (const chunk of request) size += chunk.length;
    response.writeHead(201, {'X-Own': 'ä', 'Set-Cookie': ['a=1', 'b=2']});
    response.end(JSON.stringify({method: request.method, url: request.url, size, raw: request.rawHeaders}));
  }
}).listen(port, host, () => console.log('listening'));
"""


@pytest.fixture(scope="module")
def program() -> Iterator[int]:
    nodejs.add_to_path()
    port = free_port()
    with subprocess.Popen(
        ["node", "--input-type=module", "-e", _PROGRAM],
        env={"PATH": os.environ["PATH"], "AWS_LAMBDA_HTTP_ENDPOINT": f"127.0.0.1:{port}"},
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"listening\n"
        yield port
        process.kill()


class _Program:
    """A program that runs, or none."""

    def __init__(self, port: int) -> None:
        self._port = port

    @asynccontextmanager
    async def connected(
        self, web_function: str, *, holds: bool = True
    ) -> AsyncIterator[socket.socket]:
        assert (web_function, holds) == ("Site", True)
        try:
            connection = socket.create_connection(("127.0.0.1", self._port))
        except ConnectionRefusedError:
            raise ProgramNotListeningError("it does not listen") from None
        with connection:
            yield connection


class _Endpoint:
    def __init__(self, port: int, reported: list[Diagnostic]) -> None:
        self.port = port
        self.reported = reported

    async def send(self, head: str, body: bytes = b"") -> tuple[str, dict[str, list[str]], bytes]:
        """Return status line, headers by name in lower case, and what came of the body."""
        reader, writer = await self.open(head, body)
        answer = (await reader.read()).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
        writer.close()
        lines, _, content = answer.partition(b"\r\n\r\n")
        status, *fields = lines.decode("latin-1").split("\r\n")
        headers: dict[str, list[str]] = {}
        for name, _, value in (field.partition(": ") for field in fields):
            headers.setdefault(name.lower(), []).append(value)
        return status.split(" ", 1)[1], headers, content

    async def open(
        self, head: str, body: bytes = b""
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        length = f"\r\nContent-Length: {len(body)}" if body else ""
        writer.write(
            f"{head}\r\nHost: localhost\r\nConnection: close{length}\r\n\r\n".encode() + body
        )
        return reader, writer


@asynccontextmanager
async def _endpoint(
    port: int,
    *,
    api: Api = _API,
    **options: Any,  # noqa: ANN401
) -> AsyncIterator[_Endpoint]:
    reported: list[Diagnostic] = []

    gateway = WebFunctionGateway(api, _Program(port), report=reported.append, **options)
    site: Site[Gateway] = Site([(api, gateway)])

    async def current_site() -> Site[Gateway]:
        return site

    async with served(http_app(current_site, allowed_hosts=())) as (_, own_port):
        yield _Endpoint(own_port, reported)


async def test_request(program: int) -> None:
    """A program gets the request as it is, with what the service adds; its response comes back as it is."""
    async with _endpoint(program) as endpoint:
        status, headers, body = await endpoint.send(
            "POST /a%20b?x=1&x=2 HTTP/1.1\r\nX-Tag: One\r\nX-Tag: Two\r\nX-Forwarded-For: 10.0.0.1",
            b"x" * 300_000,
        )
    assert status == "201 Created"
    assert headers["set-cookie"] == ["a=1", "b=2"]
    assert headers["x-own"] == ["ä"]
    got = json.loads(
        body.partition(b"\r\n")[2].rpartition(b"\r\n0")[0] if b"\r\n0\r\n" in body else body
    )
    assert (got["method"], got["url"], got["size"]) == ("POST", "/a%20b?x=1&x=2", 300_000)
    pairs = list(zip(got["raw"][::2], got["raw"][1::2], strict=True))
    assert [value for name, value in pairs if name == "X-Tag"] == ["One", "Two"]
    sent = dict(pairs)
    assert sent["x-forwarded-for"] == "10.0.0.1, 127.0.0.1"
    assert sent["lambda-web-endpoint-name"] == "dev"
    assert [sent["lambda-web-request-id"]] == headers["lambda-web-request-id"]


async def test_client_without_host(program: int) -> None:
    """The program of a client of HTTP/1.0 that names no host gets that of the server."""
    async with _endpoint(program) as endpoint:
        reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
        writer.write(b"GET /a HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 201 Created\r\n")
    assert f'"Host","127.0.0.1:{endpoint.port}"'.encode() in answer


@pytest.mark.parametrize(("stage", "sent"), [("€", "\xe2\x82\xac"), ("dev\n", None)])
async def test_name_of_an_endpoint(program: int, stage: str, sent: str | None) -> None:
    """A name of an endpoint that no header can have is not sent; another one that is not ASCII is."""
    async with _endpoint(program, api=replace(_API, stage=stage)) as endpoint:
        status, _, body = await endpoint.send("GET /a HTTP/1.1")
    assert status == "201 Created"
    name = "lambda-web-endpoint-name"
    raw = json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])["raw"]
    assert dict(zip(raw[::2], raw[1::2], strict=True)).get(name) == sent


async def test_stream(program: int) -> None:
    """Parts of a response reach the client as the program writes them."""
    async with _endpoint(program) as endpoint:
        reader, writer = await endpoint.open("GET /stream HTTP/1.1")
        for number in range(3):
            await reader.readuntil(f"data: {number}\n\n".encode())
            await endpoint.send("GET /next HTTP/1.1")  # it writes no more before
        assert await reader.read() == b"\r\n0\r\n\r\n"
        writer.close()


@pytest.mark.parametrize(
    ("head", "status", "said"),
    [
        ("GET /crash HTTP/1.1", "502 Bad Gateway", "the program failed: it closed the connection"),
        ("GET /slow HTTP/1.1", "504 Gateway Timeout", "no whole response within 0.5 s"),
        ("GET / HTTP/1.1\r\nExpect: 100-continue", "417 Expectation Failed", "refuses `Expect"),
    ],
)
async def test_errors(program: int, head: str, status: str, said: str) -> None:
    """A program that crashes or takes too long is an error with a line in the terminal."""
    async with _endpoint(program, timeout_seconds=0.5) as endpoint:
        got, headers, _ = await endpoint.send(head)
    assert got == status
    assert headers["lambda-web-request-id"]
    (reported,) = endpoint.reported
    assert said in reported.message


async def test_no_program() -> None:
    """Without a program that listens, the answer is a 504."""
    async with _endpoint(free_port()) as endpoint:
        assert (await endpoint.send("GET / HTTP/1.1"))[0] == "504 Gateway Timeout"
    assert endpoint.reported[0].message == "`Site` cannot run: it does not listen"


async def test_broken_response(program: int) -> None:
    """A response that breaks off is broken off for the client, too."""
    async with _endpoint(program) as endpoint:
        status, headers, body = await endpoint.send("GET /half HTTP/1.1")
    assert (status, headers["content-length"], body) == ("200 OK", ["100"], b"half")
    assert (
        "before the end" in endpoint.reported[0].message or "broke" in endpoint.reported[0].message
    )


async def test_concurrency(program: int) -> None:
    """Requests beyond the program's concurrency wait for a place."""
    async with _endpoint(program, concurrency=2) as endpoint:
        await asyncio.gather(*(endpoint.send("GET /together HTTP/1.1") for _ in range(5)))
        _, _, most = await endpoint.send("GET /most HTTP/1.1")
    assert b"most 2" in most


@pytest.mark.parametrize(
    ("query", "resets"),
    [
        pytest.param("begun", False, id="closes"),
        pytest.param("begun-too", True, id="resets"),
        pytest.param("late", True, id="before-the-response"),
    ],
)
async def test_client_that_hangs_up(program: int, query: str, *, resets: bool) -> None:
    """Its request ends, which the program sees, and another one has its place; none of them is an error."""
    url = f"/silent?{query}"
    async with (
        _endpoint(program, concurrency=1, timeout_seconds=600) as endpoint,
        _endpoint(program) as other,
    ):
        reader, writer = await endpoint.open(f"GET {url} HTTP/1.1")
        await other.send(f"GET /arrived?{quote(url)} HTTP/1.1")
        if query != "late":
            await reader.readuntil(b"begun")
        if resets:
            own = writer.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()
        status, _, body = await endpoint.send(f"GET /broken?{quote(url)} HTTP/1.1")
        assert (status, url.encode() in body) == ("200 OK", True)
    assert endpoint.reported == []


async def test_client_that_waits_no_longer(program: int) -> None:
    """A request whose client hangs up while it waits for a place does not reach the program."""
    async with _endpoint(program, concurrency=1, timeout_seconds=600) as endpoint:
        reader, writer = await endpoint.open("GET /silent?first HTTP/1.1")
        await reader.readuntil(b"begun")
        _, waiting = await endpoint.open("GET /silent?second HTTP/1.1")
        waiting.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        await asyncio.sleep(0.1)  # it waits
        waiting.close()
        await asyncio.sleep(0.1)
        writer.close()
        status, _, _ = await endpoint.send("GET / HTTP/1.1")
        assert status == "201 Created"


async def test_client_that_ends_its_requests(program: int) -> None:
    """A client that sends no more, but still reads, gets its response."""
    async with _endpoint(program) as endpoint:
        reader, writer = await endpoint.open("GET /slowly HTTP/1.1")
        writer.write_eof()
        assert b"201 Created" in await reader.read()
        writer.close()
