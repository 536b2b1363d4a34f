"""How responses are framed, and what an app learns about requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import pytest

from samlocal.http_server.asgi import HEADERS
from tests.functional.http_server.serving import echo, exchange, read_body, respond, served

if TYPE_CHECKING:
    from samlocal.http_server.asgi import ASGIApp, Receive, Scope, Send

GET: Final = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
HEAD: Final = b"POST / HTTP/1.1\r\nHost: x\r\n"


class Noting:
    """Answers with the body, and keeps the scopes."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        await respond(send, 200, await read_body(receive))


def sending(*messages: dict[str, Any]) -> ASGIApp:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        for each in messages:
            await send(each)

    return app


def start(status: int, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def test_names_of_headers() -> None:
    """An app gets names of headers as they were written, and its own are sent as it writes them."""
    app = Noting()
    async with served(app) as (_, port):
        await exchange(
            port,
            b"GET / HTTP/1.1\r\nhOST: x\r\nX-B: 1\r\nx-a: 2\r\nX-B: 3\r\nConnection: close\r\n\r\n",
        )
    (scope,) = app.scopes
    assert scope["extensions"][HEADERS] == [
        (b"hOST", b"x"),
        (b"X-B", b"1"),
        (b"x-a", b"2"),
        (b"X-B", b"3"),
        (b"Connection", b"close"),
    ]
    assert scope["headers"][1] == (b"x-b", b"1")

    app_ = sending(start(200, (b"X-Amzn-RequestId", b"1"), (b"x-AMZ", b"\xe9")), part(b""))
    async with served(app_) as (_, port):
        answer = await exchange(port, GET)
    assert b"\r\nX-Amzn-RequestId: 1\r\nx-AMZ: \xe9\r\n" in answer


@pytest.mark.parametrize(
    ("target", "path", "raw_path", "query"),
    [
        (b"/a%2Fb%20c?x=%41&y", "/a/b c", b"/a%2Fb%20c", b"x=%41&y"),
        (b"//a//b/", "//a//b/", b"//a//b/", b""),
        (b"/%c3%a4", "/ä", b"/%c3%a4", b""),
        (b"/%ff", "/\ufffd", b"/%ff", b""),
        (b"/a?b?c", "/a", b"/a", b"b?c"),
        (b"http://x:1/a?b", "/a", b"/a", b"b"),
        (b"HTTP://x", "/", b"/", b""),
        (b"http://x?b", "/", b"/", b"b"),
    ],
)
async def test_targets(target: bytes, path: str, raw_path: bytes, query: bytes) -> None:
    """The path is given as it is written, and decoded."""
    app = Noting()
    async with served(app) as (_, port):
        await exchange(port, GET.replace(b" / ", b" %b " % target))
    (scope,) = app.scopes
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == (path, raw_path, query)


@pytest.mark.parametrize(
    ("request_", "messages", "body"),
    [
        pytest.param(GET, [start(200), part(b"ab", more=True), part(b"c")], b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", id="chunks"),
        pytest.param(GET.replace(b"1.1", b"1.0"), [start(200), part(b"ab", more=True), part(b"c")], b"abc", id="HTTP/1.0"),
        pytest.param(GET, [start(204, (b"content-length", b"0")), part(b"")], b"", id="204"),
        pytest.param(GET, [start(304), part(b"ignored")], b"", id="304"),
        pytest.param(GET.replace(b"GET", b"HEAD"), [start(200, (b"content-length", b"9")), part(b"")], b"", id="HEAD"),
        pytest.param(GET, [start(200, (b"Transfer-Encoding", b"chunked")), part(b"a")], b"1\r\na\r\n0\r\n\r\n", id="own chunks"),
    ],
)  # fmt: skip
async def test_framing(request_: bytes, messages: list[dict[str, Any]], body: bytes) -> None:
    """Each body has the framing that its client understands."""
    async with served(sending(*messages)) as (_, port):
        head, _, sent = (await exchange(port, request_)).partition(b"\r\n\r\n")
    assert sent == body
    assert head.count(b"ransfer-") == (b"\r\n" in body)
    assert (b"204" in head and b"content-length" in head) is False


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([start(200, (b"a\r\nb", b"c")), part(b"")], id="name"),
        pytest.param([start(200, (b"a", b"b\r\nSet-Cookie: c")), part(b"")], id="value"),
        pytest.param([start(200, (b"content-length", b"x")), part(b"")], id="length"),
        pytest.param([start(99), part(b"")], id="status"),
        pytest.param([start(101), part(b"")], id="not a final one"),
        pytest.param([part(b"")], id="no head"),
        pytest.param([], id="nothing"),
    ],
)
async def test_responses_that_cannot_be_sent(
    messages: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    """A response that would not be HTTP is a defect of the app: status 500, and a line in the log."""
    async with served(sending(*messages)) as (_, port):
        answer = await exchange(port, GET)
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"Cookie" not in answer
    assert "answer to GET /" in caplog.text


@pytest.mark.parametrize(
    ("messages", "is_defect"),
    [
        pytest.param([start(200, (b"content-length", b"9")), part(b"ab")], True, id="shorter"),
        pytest.param([start(200, (b"content-length", b"9")), part(b"ab", more=True), part(b"c" * 9)], True, id="longer"),
        pytest.param([start(200), part(b"ab", more=True)], False, id="no end"),
        pytest.param([start(200, (b"content-length", b"9")), part(b"ab", more=True)], False, id="no end of a length"),
    ],
)  # fmt: skip
async def test_incomplete_responses(
    messages: list[dict[str, Any]], *, is_defect: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A client can tell that a response is not complete; an app that returns breaks it off on purpose."""
    async with served(sending(*messages)) as (server, port):
        head, _, body = (await exchange(port, GET)).partition(b"\r\n\r\n")
        assert server.running == 0
    assert head.startswith(b"HTTP/1.1 200 ")
    assert not body.endswith(b"0\r\n\r\n")
    assert len(body) < 9
    assert bool(caplog.text) is is_defect


async def test_requests_in_advance() -> None:
    """Requests that a client sends before it has answers are answered one after the other, in their order."""
    running = 0

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal running
        running += 1
        assert running == 1
        body = await read_body(receive)
        await asyncio.sleep(0.01 if body == b"00" else 0)
        running -= 1
        await respond(send, 200, body)

    requests = [HEAD + b"Content-Length: 2\r\n\r\n%02d" % number for number in range(30)]
    requests.append(
        HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n30\r\n0\r\n\r\n"
    )
    async with served(app) as (_, port):
        for size in (1, 7, 100, 5000):
            sent = b"".join(requests)
            parts = [sent[index : index + size] for index in range(0, len(sent), size)]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for each in parts:
                writer.write(each)
                await writer.drain()
                await asyncio.sleep(0)
            answers = await reader.read()
            writer.close()
            bodies = [each[-2:] for each in answers.split(b"HTTP/1.1 200 OK\r\n")[1:]]
            assert bodies == [b"%02d" % number for number in range(31)]


async def test_request_for_http_2() -> None:
    """A client that offers HTTP/2, such as Java's, is served with HTTP/1.1, its body included."""
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
    first = HEAD + offer + b"Content-Length: 5\r\n\r\nfirst"
    second = HEAD + offer + b"Transfer-Encoding: chunked\r\n\r\n6\r\nsecond\r\n0\r\n\r\n"
    third = HEAD + b"Connection: close\r\nContent-Length: 5\r\n\r\nthird"
    app = Noting()
    async with served(app) as (_, port):
        for parts in (
            [first + second + third],
            [first, second, third],
            [first[:-2], first[-2:], third],
        ):
            answer = await exchange(port, *parts)
            assert answer.endswith(b"\r\n\r\nthird")
            assert b"\r\n\r\nfirst" in answer
    assert (b"upgrade", b"h2c") not in app.scopes[0]["headers"]


async def test_response_head_is_sent_before_its_body() -> None:
    """A client gets the head of a response although the app waits before the body."""
    gate = asyncio.Event()

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(start(200))
        await gate.wait()
        await send(part(b"late"))

    async with served(app) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        gate.set()
        assert await reader.read() == b"4\r\nlate\r\n0\r\n\r\n"
        writer.close()


async def test_slow_reader() -> None:
    """An app writes no faster than its client reads."""
    written = 0

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal written
        await send(start(200))
        for _ in range(400):
            await send(part(b"x" * 100_000, more=True))
            written += 1
        await send(part(b""))

    async with served(app) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1000)
        writer.write(GET)
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.3)
        assert written < 200
        size = 0
        while data := await reader.read(1_000_000):
            size += len(data)
        assert size > 40_000_000
        writer.close()


async def test_slow_app() -> None:
    """A client sends no faster than the app reads."""
    gate = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await gate.wait()
        await echo(scope, receive, send)

    async with served(app) as (server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD + b"Connection: close\r\nContent-Length: 15000000\r\n\r\n")
        writer.write(b"x" * 15_000_000)
        await asyncio.sleep(0.3)
        (running,) = server._state.running
        assert running._unread < 1_000_000  # type: ignore[attr-defined]  # what the server keeps
        gate.set()
        assert len(await reader.read()) > 15_000_000
        writer.close()


async def test_reason_phrases() -> None:
    """An app may choose the phrase after the status; one with a line break is not sent."""
    async with served(sending({**start(200), "reason": b"I am fine"}, part(b""))) as (_, port):
        assert (await exchange(port, GET)).startswith(b"HTTP/1.1 200 I am fine\r\n")
    async with served(sending({**start(200), "reason": b"a\r\nX: 1"}, part(b""))) as (_, port):
        assert (await exchange(port, GET)).startswith(b"HTTP/1.1 500 ")
