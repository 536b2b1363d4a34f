"""The server of an endpoint: requests and connections, and what a stop does to them."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from samlocal.http_server.connection import HttpConnection
from samlocal.http_server.server import HttpServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import pytest

    from samlocal.http_server.asgi import Receive, Scope, Send

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"
LONG = 60.0  # of a stop that waits for what the test does


class GatedApp:
    """Answers each request with its body when the gate opens."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.begun = 0
        self.cancelled = 0
        self.clients: list[object] = []
        self._changed = asyncio.Condition()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.clients.append(scope["client"])
        async with self._changed:
            self.begun += 1
            self._changed.notify_all()
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def wait_for(self, requests: int) -> None:
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: self.begun >= requests)


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, request: bytes) -> None:
        self._writer.write(request)

    async def answer(self) -> bytes:
        """Return the head and the body of one answer."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
        return head + await self._reader.readexactly(int(length))

    async def rest(self) -> bytes:
        return await self._reader.read()

    def close(self) -> None:
        self._writer.close()


@asynccontextmanager
async def serving(app: GatedApp) -> AsyncIterator[tuple[HttpServer, Address]]:
    listener = socket.create_server(("127.0.0.1", 0))
    async with HttpServer(app, sockets=[listener]) as server:
        address = Address(listener.getsockname()[1])
        try:
            yield server, address
        finally:
            address.close()


class Address:
    """Where a server listens; it closes the connections that were made."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._clients: list[Client] = []

    async def connect(self, request: bytes = b"") -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        self._clients.append(client)
        client.send(request)
        return client

    async def wait_until_refused(self) -> None:
        async with asyncio.timeout(20):
            while True:
                try:
                    client = await self.connect()
                except ConnectionRefusedError:
                    return
                client.close()

    def close(self) -> None:
        for each in self._clients:
            each.close()


async def test_connections_are_kept() -> None:
    """A connection serves one request after the other, and each answer has a date."""
    app = GatedApp()
    app.gate.set()
    async with serving(app) as (_, address):
        client = await address.connect()
        for body in (b"abcd", b"efgh"):
            client.send(POST + body)
            answer = await client.answer()
            assert answer.startswith(b"HTTP/1.1 200 OK\r\ndate: ")
            assert answer.endswith(body)
            assert b"server:" not in answer
            assert b"connection: close" not in answer


async def test_unix_socket_has_no_client(tmp_path: Path) -> None:
    """A request through a unix socket has no client; one through TCP has its address."""
    app = GatedApp()
    app.gate.set()
    path = tmp_path / "s"
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(os.fspath(path))
    tcp = socket.create_server(("127.0.0.1", 0))
    async with HttpServer(app, sockets=[tcp, unix]):
        for opened in (
            asyncio.open_unix_connection(path),
            asyncio.open_connection("127.0.0.1", tcp.getsockname()[1]),
        ):
            reader, writer = await opened
            writer.write(GET)
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            writer.close()
    assert app.clients[0] is None
    assert app.clients[1][0] == "127.0.0.1"  # type: ignore[index]  # checked by this


async def test_fifty_requests_finish_before_a_stop() -> None:
    """A stop waits for running requests, and closes their connections afterwards."""
    app = GatedApp()
    async with serving(app) as (server, address):
        clients = [await address.connect(POST + b"%04d" % number) for number in range(50)]
        await app.wait_for(50)
        assert server.running == 50
        stop = asyncio.create_task(server.stop(LONG))
        await address.wait_until_refused()
        assert not stop.done()
        app.gate.set()
        for number, client in enumerate(clients):
            answer = await client.answer()
            assert answer.startswith(b"HTTP/1.1 200")
            assert answer.endswith(b"%04d" % number)
            assert await client.rest() == b""
        await stop
        assert server.running == 0


async def test_waiting_connections_are_served_before_a_stop() -> None:
    """Requests that the kernel has accepted before a stop begins are answered."""
    app = GatedApp()
    async with serving(app) as (server, address):
        kept = await address.connect()
        app.gate.set()
        kept.send(POST + b"kept")
        await kept.answer()
        sockets = [socket.create_connection(("127.0.0.1", address.port)) for _ in range(20)]
        for each in sockets:
            each.sendall(POST + b"body")
        kept.send(POST + b"last")
        await asyncio.wait_for(server.stop(LONG), 20)
        assert (await kept.answer()).endswith(b"last")
        for each in sockets:
            with each, each.makefile("rb") as file:
                assert file.read().endswith(b"body")


async def test_idle_connections_do_not_hold_up_a_stop() -> None:
    """Connections that wait for a request, also a part of its head, are closed at once."""
    app = GatedApp()
    app.gate.set()
    async with serving(app) as (server, address):
        kept = await address.connect(POST + b"body")
        await kept.answer()
        silent = await address.connect()
        half = await address.connect(GET[:20])
        await asyncio.wait_for(server.stop(LONG), 20)
        for client in (kept, silent, half):
            assert await client.rest() == b""


async def test_half_sent_requests_do_not_hold_up_a_stop() -> None:
    """A request whose body does not come gets an answer soon; one that runs still finishes."""
    app = GatedApp()
    async with serving(app) as (server, address):
        half = await address.connect(POST + b"ab")
        whole = await address.connect(POST + b"body")
        await app.wait_for(2)
        stop = asyncio.create_task(server.stop(LONG))
        answer = await asyncio.wait_for(half.answer(), 20)
        assert answer.startswith(b"HTTP/1.1 503")
        assert not stop.done()
        app.gate.set()
        assert (await whole.answer()).endswith(b"body")
        await stop


async def test_stop_that_is_given_up() -> None:
    """Whoever gives up a stop, as with a second signal, can stop the server again at once."""
    app = GatedApp()
    async with serving(app) as (server, address):
        client = await address.connect(POST + b"body")
        await app.wait_for(1)
        stop = asyncio.create_task(server.stop(LONG))
        await address.wait_until_refused()
        stop.cancel()
        await asyncio.wait_for(server.stop(0), 20)
        assert (await client.answer()).startswith(b"HTTP/1.1 503")


async def test_late_body_arrives_during_a_stop() -> None:
    """A request whose body comes in time is served although the server is stopping."""
    app = GatedApp()
    app.gate.set()
    async with serving(app) as (server, address):
        client = await address.connect(POST + b"ab")
        await app.wait_for(1)
        stop = asyncio.create_task(server.stop(LONG))
        await asyncio.sleep(0)
        client.send(b"cd")
        assert (await client.answer()).endswith(b"abcd")
        await stop


async def test_requests_that_do_not_finish_get_an_answer() -> None:
    """At the end of its time a stop cancels the app, and says to each client that the server is stopping."""
    app = GatedApp()
    async with serving(app) as (server, address):
        clients = [await address.connect(POST + b"body") for _ in range(50)]
        await app.wait_for(50)
        await server.stop(0.1)
        for client in clients:
            answer = await client.rest()
            assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
            assert b"content-type: application/json\r\n" in answer
            assert answer.endswith(b'{"message": "Service Unavailable"}')
    assert app.cancelled == 50


async def test_client_that_does_not_read_does_not_hold_up_a_stop() -> None:
    """A large answer that a client does not read ends with its connection."""

    async def send_much(_scope: Scope, _receive: Receive, send: Send) -> None:
        begun.set()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})

    begun = asyncio.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    async with HttpServer(send_much, sockets=[listener]) as server:
        with socket.create_connection(listener.getsockname()) as client:
            client.sendall(GET)
            await asyncio.wait_for(begun.wait(), 20)
            await asyncio.wait_for(server.stop(0.1), 20)
            assert server.running == 0


async def test_clients_that_hang_up_are_forgotten() -> None:
    """A client that closes its connection leaves no request behind once the app has finished."""
    app = GatedApp()
    async with serving(app) as (server, address):
        for part in (b"", GET[:10], POST, POST + b"ab"):
            (await address.connect(part)).close()
        app.gate.set()
        client = await address.connect(POST + b"last")
        assert (await client.answer()).endswith(b"last")
        await asyncio.wait_for(server.stop(LONG), 20)
        assert server.running == 0


async def test_malformed_requests_are_refused(capfd: pytest.CaptureFixture[str]) -> None:
    """What is not HTTP gets status 400, and no line on stderr."""
    async with serving(GatedApp()) as (_, address):
        client = await address.connect(b"\x16\x03\x01 TLS\r\n\r\n")
        assert (await client.rest()).startswith(b"HTTP/1.1 400")
    assert capfd.readouterr().err == ""


async def test_errors_of_the_app_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A request that the app does not answer because of a defect gets status 500, and the defect is logged."""

    async def fail(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ValueError("a defect")

    listener = socket.create_server(("127.0.0.1", 0))
    async with HttpServer(fail, sockets=[listener]):
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(GET)
        assert (await reader.readline()).startswith(b"HTTP/1.1 500")
        writer.close()
    assert "no answer to GET /" in caplog.text
    assert "a defect" in caplog.text


async def test_bodies_do_not_wait_for_acknowledgements() -> None:
    """A connection sends at once what follows the head of an answer."""
    app = GatedApp()
    async with serving(app) as (server, address):
        await address.connect(GET)
        await app.wait_for(1)
        (connection,) = server._state.connections
        assert isinstance(connection, HttpConnection)
        client = connection._transport.get_extra_info("socket")

        assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        app.gate.set()
