"""What clients do to connections: hang up, send half, send too much; and whose requests are served."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import threading
from typing import TYPE_CHECKING, Final

import pytest

from samlocal.http_server.server import HttpServer
from samlocal.lambda_api.app import lambda_app
from tests.functional.lambda_api.fakes import FakeEvents, FakeFunctions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.lambda_api.aws import Aws
    from tests.functional.lambda_api.conftest import Endpoint

PATH: Final = "/2015-03-31/functions/{}/invocations"
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n\r\n"


def head(name: str, *lines: str, method: str = "POST", version: str = "1.1") -> bytes:
    first = f"{method} {PATH.format(name)} HTTP/{version}\r\nHost: localhost\r\n"
    return "".join((first, *(f"{line}\r\n" for line in lines))).encode()


def exchange(endpoint: Endpoint, request: bytes) -> bytes:
    """Send bytes and return all that comes until the server closes the connection."""
    with endpoint.connect() as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def until(connection: socket.socket, end: bytes) -> bytes:
    """Return what a server sends, up to and with its last bytes."""
    received = b""
    while not received.endswith(end):
        part = connection.recv(65536)
        assert part, received
        received += part
    return received


def test_client_that_has_sent_all(endpoint: Endpoint) -> None:
    """A client that ends its side of the connection after its request still gets the answer."""
    ended = endpoint.functions.ended
    endpoint.loop.call_soon_threadsafe(endpoint.functions.may_answer.clear)
    with endpoint.connect() as connection:
        connection.sendall(head("Gated", "Content-Length: 1") + b"\r\n1")
        connection.shutdown(socket.SHUT_WR)
        endpoint.wait_until(lambda: endpoint.server.running == 1)
        endpoint.loop.call_soon_threadsafe(endpoint.functions.may_answer.set)
        assert read_all(connection).endswith(b"\r\n\r\n1")
    endpoint.wait_until(lambda: endpoint.functions.ended == ended + 1)


def test_chunked_body(endpoint: Endpoint) -> None:
    """A body need not state its length."""
    with endpoint.connect() as connection:
        connection.sendall(head("Echo", "Transfer-Encoding: chunked") + b"\r\n3\r\n[1,\r\n")
        connection.sendall(b"2\r\n2]\r\n0\r\n\r\n")
        assert until(connection, b"[1,2]").startswith(b"HTTP/1.1 200 ")


def test_chunked_body_that_is_too_large(endpoint: Endpoint) -> None:
    """A body without a length is refused as soon as it is too large, whatever follows; the connection ends."""
    chunk = b"100000\r\n" + b"1" * 0x100000 + b"\r\n"
    with endpoint.connect() as connection:
        connection.sendall(head("Echo") + CHUNKED + chunk * 7)
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nconnection: close\r\n" in answer
    assert answer.endswith(b'InvokeFunction operation"}')


def test_large_body_on_a_connection_that_ends(endpoint: Endpoint) -> None:
    """A client that sends 7 MB before it reads gets its answer, also where the connection ends with it."""
    body = b"1" * 7 * 1024 * 1024
    request = head("Echo", "Connection: close", f"Content-Length: {len(body)}") + b"\r\n" + body
    with endpoint.connect() as connection:
        connection.sendall(request)
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"6291456 bytes" in answer


def test_continue(endpoint: Endpoint) -> None:
    """A client may wait for leave to send its body."""
    with endpoint.connect() as connection:
        connection.sendall(head("Echo", "Expect: 100-continue", "Content-Length: 2") + b"\r\n")
        assert until(connection, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"17")
        assert until(connection, b"\r\n\r\n17").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("name", "length", "status"),
    [("Echo", 7_000_000, 413), ("*", 10, 400)],
)
def test_no_continue(endpoint: Endpoint, name: str, length: int, status: int) -> None:
    """What is refused anyway need not be sent; the connection ends then."""
    with endpoint.connect() as connection:
        lines = ("Expect: 100-continue", f"Content-Length: {length}")
        connection.sendall(head(name, *lines) + b"\r\n")
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nconnection: close\r\n" in answer


def test_several_requests_at_once(endpoint: Endpoint) -> None:
    """Requests that follow each other without waiting are answered in their order."""
    requests = [head("Echo", "Content-Length: 1") + b"\r\n%d" % n for n in range(5)]
    with endpoint.connect() as connection:
        connection.sendall(b"".join(requests))
        answers = until(connection, b"\r\n\r\n4")
    bodies = [part[:1] for part in answers.split(b"\r\n\r\n")[1:]]
    assert bodies == [b"0", b"1", b"2", b"3", b"4"]


def test_old_client(endpoint: Endpoint) -> None:
    """A client of HTTP/1.0 is served, too."""
    request = head("Echo", "Content-Length: 1", version="1.0") + b"\r\n1"
    assert exchange(endpoint, request).endswith(b"\r\n\r\n1")


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="tls"),
        pytest.param(b"GET\r\n\r\n", id="no-path"),
        pytest.param(head("Echo", "Content-Length: -1") + b"\r\n", id="length"),
        pytest.param(head("Echo") + CHUNKED + b"zz\r\n", id="chunk"),
    ],
)
def test_malformed_request(endpoint: Endpoint, aws: Aws, request_: bytes) -> None:
    """What is not HTTP is refused, and harms nobody else."""
    answer = exchange(endpoint, request_)
    assert not answer or answer.startswith(b"HTTP/1.1 400 ")
    endpoint.settle()
    assert aws.invoke("Echo").status == 200


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"POST /2015", id="half-a-line"),
        pytest.param(head("Echo"), id="half-the-headers"),
        pytest.param(head("Echo", "Content-Length: 9") + b"\r\n[1", id="half-a-body"),
        pytest.param(head("*", "Content-Length: 9") + b"\r\n[1", id="half-a-refused-body"),
        pytest.param(head("Echo") + CHUNKED + b"5\r\n[1", id="half-a-chunk"),
        pytest.param(
            head("Echo", "Expect: 100-continue", "Content-Length: 9") + b"\r\n", id="no-body"
        ),
        pytest.param(
            head("Echo", "Content-Length: 7000000") + b"\r\n" + b"1" * 100_000, id="large"
        ),
    ],
)
def test_half_sent_request(endpoint: Endpoint, request_: bytes) -> None:
    """A client that hangs up in the middle of its request leaves nothing, and runs nothing."""
    before = len(endpoint.functions.calls)
    exchange(endpoint, request_)

    endpoint.settle()
    assert len(endpoint.functions.calls) == before


def test_client_that_does_not_wait(endpoint: Endpoint) -> None:
    """A function runs to its end when its client has hung up, as on Lambda."""
    functions = endpoint.functions
    ended = functions.ended
    with endpoint.connect() as connection:
        connection.sendall(head("Gated", "Content-Length: 2") + b"\r\n{}")
        asyncio.run_coroutine_threadsafe(functions.gate.wait(), endpoint.loop).result(20)
    endpoint.loop.call_soon_threadsafe(functions.may_answer.set)

    endpoint.settle()
    assert functions.ended == ended + 1


def test_hang_ups_at_any_moment(endpoint: Endpoint, aws: Aws) -> None:
    """Clients that hang up anywhere in a request or its answer leave nothing behind."""
    chance = random.Random(7)  # noqa: S311  # no secret
    names = ("Echo", "Fails", "Streams", "*", "missing", "Throttled", "NoEngine")
    started = len(endpoint.functions.calls)
    ended = endpoint.functions.ended

    def hang_up() -> None:
        for _ in range(100):
            body = b'"%s"' % (b"x" * chance.choice((1, 1000, 100_000)))
            request = head(chance.choice(names), f"Content-Length: {len(body)}") + b"\r\n" + body
            with endpoint.connect() as connection:
                connection.sendall(request[: chance.randrange(len(request) + 1)])
                if chance.random() < 0.3:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes(8))
                if chance.random() < 0.3:
                    connection.settimeout(0.02)
                    try:
                        connection.recv(chance.randrange(1, 1000))
                    except TimeoutError:
                        continue

    threads = [threading.Thread(target=hang_up) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
        assert not each.is_alive()

    endpoint.settle()
    functions = endpoint.functions
    assert functions.ended - ended == len(functions.calls) - started > 0
    assert aws.invoke("Echo", Payload=b"1").payload == b"1"


def test_many_clients(endpoint: Endpoint) -> None:
    """Each of many clients at once gets its own answer."""

    async def ask(number: int) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
        body = b"%08d" % (number + 10_000_000)
        writer.write(head("Echo", "Content-Length: 8") + b"\r\n" + body)
        answer = await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(8)
        writer.close()
        await writer.wait_closed()
        return answer.endswith(b"\r\n\r\n" + body)

    async def ask_all() -> list[bool]:
        async with asyncio.timeout(60):
            return await asyncio.gather(*(ask(number) for number in range(300)))

    assert asyncio.run(ask_all()) == [True] * 300


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1:3001",
        "LOCALHOST:1",
        "[::1]:3001",
        "my-machine",
        "My-Machine.:80",
        "api.localhost",
    ],
)
def test_allowed_host(endpoint: Endpoint, host: str) -> None:
    """Requests that name this machine or an allowed host are served."""
    assert endpoint.request("Echo", {"Host": host})[0] == 200


@pytest.mark.parametrize(
    "header",
    [
        ("Host", "evil.example"),
        ("Host", "evil.example:3001"),
        ("Host", "localhost.evil.example"),
        ("Host", "127.0.0.1.evil.example"),
        ("Host", "192.168.0.7:3001"),
        ("Host", "[::2"),
        ("Host", ""),
        ("Origin", "http://evil.example"),
        ("Origin", "https://localhost.evil.example:80"),
        ("Origin", "null"),
    ],
)
def test_foreign_host(endpoint: Endpoint, header: tuple[str, str]) -> None:
    """A page of a browser gets through neither with its host name nor with its origin."""
    before = len(endpoint.functions.calls)
    status, headers, body = endpoint.request("Echo", dict([header]))

    assert (status, headers["x-amzn-errortype"]) == (403, "ForbiddenHostException")
    assert f"`{header[0]}: {header[1]}`" in json.loads(body)["message"]
    assert len(endpoint.functions.calls) == before


def test_own_origin(endpoint: Endpoint) -> None:
    """A page that is served from this machine is not foreign."""
    assert endpoint.request("Echo", {"Origin": "http://localhost:5173"})[0] == 200


async def test_unix_socket(tmp_path: Path) -> None:
    """Functions call through a unix socket, and may name any host."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket"))
    app = lambda_app(FakeFunctions(), FakeEvents(), allowed_hosts=[])
    async with asyncio.timeout(20), HttpServer(app, sockets=[listener]):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "socket"))
        request = head("Echo", "Content-Length: 1").replace(b"localhost", b"127.0.0.1.example")
        writer.write(request + b"\r\n1")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        writer.close()
        await writer.wait_closed()
