"""What clients may not send, and how long they may take."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Final

import pytest

from samlocal.http_server.limits import Limits
from tests.functional.http_server.serving import echo, exchange, respond, served

if TYPE_CHECKING:
    from samlocal.http_server.asgi import Receive, Scope, Send

HEAD: Final = b"POST / HTTP/1.1\r\nHost: x\r\n"
BODY: Final = HEAD + b"Content-Length: 4\r\n\r\n"
CHUNKED: Final = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
SHORT: Final = Limits(head_seconds=0.3, body_seconds=0.3, idle_seconds=0.3, linger_seconds=0.3)


def assert_error(answer: bytes, status: int) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer
    assert b"\r\ncontent-type: application/json\r\n" in head
    assert b"\r\nconnection: close" in head
    assert list(json.loads(body)) == ["message"]


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([HEAD + b"A: " + b"a" * 70_000 + b"\r\n\r\n"], id="one"),
        pytest.param([HEAD + b"A: ", *[b"a" * 10_000] * 8], id="endless value"),
        pytest.param([HEAD, *[b"a" * 10_000] * 8], id="endless name"),
        pytest.param([HEAD, *[b"A: " + b"a" * 9_990 + b"\r\n"] * 8], id="many long ones"),
        pytest.param([b"GET /", *[b"a" * 10_000] * 8], id="endless path"),
        pytest.param([HEAD + b"A: a\r\n" * 260 + b"\r\n"], id="too many"),
        pytest.param([HEAD + b"A: a\r\n" * 200, b"A: a\r\n" * 200], id="endless headers"),
    ],
)
async def test_too_large_head(parts: list[bytes]) -> None:
    """A head that is too large, or has too many headers, gets status 431, even if it never ends."""
    async with served(echo) as (server, port):
        assert_error(await exchange(port, *parts), 431)
        assert server.running == 0


async def test_large_head_in_parts() -> None:
    """A head within its limits is accepted however it arrives."""
    request = (
        HEAD + b"A: " + b"a" * 60_000 + b"\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    )
    parts = [request[start : start + 20_000] for start in range(0, len(request), 20_000)]
    async with served(echo) as (_, port):
        assert (await exchange(port, *parts)).endswith(b"\r\n\r\nok")


async def test_large_head_after_a_body() -> None:
    """What arrives in one piece with a body counts for the next head only if it is part of it."""
    next_head = HEAD + b"Connection: close\r\nA: " + b"a" * 30_000
    first = HEAD + b"Content-Length: 60000\r\n\r\n" + b"b" * 60_000
    parts = [first + next_head, b"a" * 20_000 + b"\r\nContent-Length: 2\r\n\r\nok"]
    async with served(echo) as (_, port):
        assert (await exchange(port, *parts)).endswith(b"\r\n\r\nok")


async def test_endless_trailers() -> None:
    """Headers after a body count too."""
    async with served(echo) as (_, port):
        parts = [CHUNKED + b"1\r\na\r\n0\r\n", *[b"A: " + b"a" * 9_990 + b"\r\n"] * 8]
        assert_error(await exchange(port, *parts), 431)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(b"GET", 408, id="first word"),
        pytest.param(HEAD + b"A: ", 408, id="header"),
        pytest.param(BODY, 408, id="no body"),
        pytest.param(BODY + b"a", 408, id="part of a body"),
        pytest.param(CHUNKED + b"1\r\na\r\n", 408, id="part of chunks"),
    ],
)
async def test_request_that_stops(request_: bytes, status: int) -> None:
    """A request that does not arrive gets status 408 after the limit."""
    async with served(echo, SHORT) as (server, port):
        assert_error(await exchange(port, request_), status)
        await asyncio.sleep(0)
        assert server.running == 0


async def test_slow_head() -> None:
    """A head that comes byte by byte has to be whole in time."""
    async with served(echo, SHORT) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(200):
            writer.write(b"A")
            await asyncio.sleep(0.05)
            if reader.at_eof() or reader._buffer:  # type: ignore[attr-defined]  # without waiting
                break
        else:
            pytest.fail("all of it was read")
        assert (await reader.readline()).startswith(b"HTTP/1.1 400")  # not a method
        writer.close()


async def test_slow_headers() -> None:
    """Header after header is no way to keep a connection."""
    async with served(echo, SHORT) as (_, port):
        parts = [HEAD, *[b"A: a\r\n"] * 50]
        assert_error(await exchange(port, *parts), 408)


async def test_slow_body() -> None:
    """A body may take its time as long as it arrives."""
    parts = [HEAD + b"Connection: close\r\nContent-Length: 50\r\n\r\n", *[b"a"] * 50]
    async with served(echo, SHORT) as (_, port):
        assert (await exchange(port, *parts)).endswith(b"\r\n\r\n" + b"a" * 50)


async def test_app_that_takes_its_time() -> None:
    """The time of an app is not that of its client, whether the body waits for it or not."""

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.7)
        await echo(scope, receive, send)

    large = b"Content-Length: 1000000\r\n\r\n" + b"a" * 1_000_000
    async with served(slow, SHORT) as (_, port):
        for rest in (b"Content-Length: 1\r\n\r\na", large):
            answer = await exchange(port, HEAD + b"Connection: close\r\n" + rest)
            assert answer.startswith(b"HTTP/1.1 200")
            assert answer.endswith(b"a")


async def test_idle_connection() -> None:
    """A connection without a request is closed after its time, without a word."""
    async with served(echo, SHORT) as (_, port):
        assert await exchange(port) == b""
        answer = await exchange(port, BODY + b"body")
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(b"\r\n\r\nbody")


async def test_body_that_stops_after_the_response_has_begun() -> None:
    """The client sees that the response is not complete."""

    async def begin(_scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (message := await receive())["type"] == "http.request":
            await send({"type": "http.response.body", "body": message["body"], "more_body": True})

    async with served(begin, SHORT) as (server, port):
        answer = await exchange(port, BODY + b"ab")
        assert answer.endswith(b"2\r\nab\r\n")
        assert server.running == 0


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET relative HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT /path HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT * HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        CHUNKED + b"x\r\n",
    ],
)
async def test_malformed_request(request_: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """What is not HTTP gets status 400 and the end of the connection, and nothing is logged."""
    async with served(echo) as (server, port):
        assert_error(await exchange(port, request_), 400)
        await asyncio.sleep(0)
        assert server.running == 0
    assert caplog.text == ""


async def test_malformed_request_after_another() -> None:
    """A request is answered although what the client sends behind it is not one."""

    async def slow(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await asyncio.sleep(0.2)
        await respond(send, 200, b"whole")

    async with served(slow) as (_, port):
        answer = await exchange(port, BODY + b"body" + b"\x00nonsense\r\n\r\n" * 1000)
        assert answer.count(b"HTTP/1.1") == 1
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(b"\r\n\r\nwhole")
