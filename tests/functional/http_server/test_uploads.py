"""Uploads that an app refuses unread: the answer arrives, and next to nothing is read."""

from __future__ import annotations

import asyncio
import http.client
import os
import socket
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from samlocal.http_server.connection import HttpConnection
from samlocal.http_server.limits import Limits
from tests.functional.http_server.serving import echo, exchange, read_body, respond, served

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.http_server.asgi import Receive, Scope, Send

GIGABYTE: Final = 1_000_000_000
REFUSED: Final = b'{"message": "Request Too Long"}'


async def refuse(_scope: Scope, _receive: Receive, send: Send) -> None:
    await respond(send, 413, REFUSED)


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of all that connections get."""
    sizes: list[int] = []
    take = HttpConnection.data_received

    def note(connection: HttpConnection, data: bytes) -> None:
        sizes.append(len(data))
        take(connection, data)

    monkeypatch.setattr(HttpConnection, "data_received", note)
    return sizes


@pytest.mark.parametrize(
    ("options", "most_bytes"),
    [
        pytest.param([], 10_000, id="expects"),
        pytest.param(["-H", "Expect:"], 20_000_000, id="sends"),
        pytest.param(["-H", "Expect:", "-H", "Transfer-Encoding: chunked"], 20_000_000, id="chunks"),
        pytest.param(["--http1.0"], 20_000_000, id="HTTP/1.0"),
    ],
)  # fmt: skip
async def test_curl(
    options: list[str], most_bytes: int, received: list[int], tmp_path: Path
) -> None:
    """Curl gets the answer, and stops; if it asks before it sends, it sends nothing."""
    file = tmp_path / "large"
    file.touch()
    os.truncate(file, GIGABYTE)
    async with served(refuse) as (server, port):
        curl = await asyncio.create_subprocess_exec(
            "curl", "-sS", "-w", " %{http_code}", *options, "-T", str(file),
            f"http://127.0.0.1:{port}/", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        output, errors = await curl.communicate()
        assert output == REFUSED + b" 413", errors
        await server.stop(3600)  # longer than a test may take: nothing is waited for
    assert sum(received) < most_bytes


async def test_client_that_sends_all_first() -> None:
    """A client that reads nothing before it has sent everything gets the answer too, within a limit."""

    def client(port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("POST", "/", b"x" * 20_000_000)
        response = connection.getresponse()
        assert (response.status, response.read()) == (413, REFUSED)
        assert response.getheader("connection") == "close"
        connection.close()

    async with served(refuse) as (_, port):
        await asyncio.to_thread(client, port)


async def test_client_that_never_stops(received: list[int]) -> None:
    """What is read without use has a limit."""

    def client(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
            with pytest.raises(OSError, match=r"reset|[Bb]roken pipe"):
                connection.sendall(b"x" * 20_000_000)

    async with served(refuse, Limits(linger_bytes=1_000_000)) as (_, port):
        await asyncio.to_thread(client, port)
    assert sum(received) < 2_000_000


@pytest.mark.parametrize("linger_seconds", [0.1, 3600])
async def test_client_that_waits_for_the_end(linger_seconds: float) -> None:
    """A client that has its whole answer but sends nothing more is disconnected after a time, or when it hangs up."""
    head = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"
    async with served(refuse, Limits(linger_seconds=linger_seconds)) as (server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        answer = await reader.read()  # to its end, which does not wait for that
        assert answer.endswith(REFUSED)
        assert b"\r\nconnection: close\r\n" in answer
        if linger_seconds == 3600:
            assert server._state.connections
            writer.close()
        await server._state.closed.wait()
        assert not server._state.connections
        writer.close()


async def test_small_body_that_is_not_read() -> None:
    """The connection is kept where little has to be read without use."""
    parts = [
        b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n",
        b"x" * 500_000,
        b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
    ]
    async with served(refuse) as (_, port):
        answer = await exchange(port, *parts)
        assert answer.count(REFUSED) == 2
        assert answer.count(b"connection: close") == 1


async def test_expected_body() -> None:
    """A client that asks before it sends is told to when the app wants the body, and only then."""
    head = b"PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    asked = b"HTTP/1.1 100 Continue\r\n\r\n"
    async with served(echo) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        assert await reader.readuntil(b"\r\n\r\n") == asked
        writer.write(b"ok")
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b"\r\n\r\nok")
        writer.close()
        assert asked not in await exchange(port, head + b"ok")
    async with served(refuse, Limits(linger_seconds=0.1)) as (_, port):
        assert (await exchange(port, head)).startswith(b"HTTP/1.1 413 ")


async def test_body_that_is_read_after_the_answer_has_begun() -> None:
    """An app may answer while it reads, however much that is."""

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        size = len(await read_body(receive))
        await send({"type": "http.response.body", "body": b"%d" % size})

    head = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n"
    async with served(app) as (_, port):
        answer = await exchange(port, head + b"x" * 10_000_000)
        assert answer.endswith(b"\r\n\r\n8\r\n10000000\r\n0\r\n\r\n")


async def test_client_that_hangs_up_at_its_answer(caplog: pytest.LogCaptureFixture) -> None:
    """A client whose system refuses the answer leaves nothing behind."""
    clients: list[socket.socket] = []
    gone = asyncio.Event()

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.1)  # more arrives than is kept unread
        clients[0].close()
        gone.set()
        await respond(send, 413, REFUSED)

    async with served(app) as (server, port):
        clients.append(socket.create_connection(("127.0.0.1", port)))
        clients[0].sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n")
        clients[0].sendall(b"x" * 200_000)
        await gone.wait()
        await server._state.closed.wait()
        assert server.running == 0
    assert caplog.text == ""
