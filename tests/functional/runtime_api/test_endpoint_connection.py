"""Requests for Lambda's API go to the socket of its endpoint, with real clients and plain sockets on both sides."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from contextlib import asynccontextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.endpoints import encrypted_path
from samlocal.http_server.server import HttpServer
from samlocal.http_server.tls import load_tls
from samlocal.runtime_api.endpoint_connection import Endpoint
from samlocal.runtime_api.http_messages import Response
from samlocal.runtime_api.http_server import Server
from samlocal.runtime_api.routes import is_endpoint_path
from tests.functional.http_server.certificates import make_certificate
from tests.functional.http_server.serving import echo
from tests.functional.runtime_api.client import exchange, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from samlocal.runtime_api.http_messages import Request

    Program = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_MIB = 1024 * 1024
INVOKE = b"POST /2015-03-31/functions/Other/invocations HTTP/1.1\r\n"
HOST = b"Host: api\r\n"
RECEIVED = INVOKE + b"Connection: close\r\n" + HOST
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
PING = b"GET /2018-06-01/ping HTTP/1.1\r\n" + HOST


async def own_apis(request: Request) -> Response:
    """The handler of the sandbox's own APIs."""
    return Response(status=200, body=f"own {request.path}".encode())


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of the endpoint's socket: short, as the system needs it."""
    monkeypatch.chdir(tmp_path)
    return Path("endpoint.sock")


@asynccontextmanager
async def forwarding(path: Path, program: Program) -> AsyncIterator[int]:
    """The port of a server whose endpoint runs `program` for each connection."""
    failures: list[BaseException] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await program(reader, writer)
        except ConnectionError:
            pass
        except Exception as error:  # noqa: BLE001  # raised in the test
            failures.append(error)
        finally:
            writer.close()

    server = await asyncio.start_unix_server(serve, path)
    async with server, served(own_apis, Endpoint(socket=path, has_path=is_endpoint_path)) as port:
        yield port
    if failures:
        raise failures[0]


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a request without a body."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(ANSWER)
    writer.close()


async def test_request_and_answer_are_carried_as_they_are(path: Path) -> None:
    """The endpoint gets the bytes of the client, and one header; the client gets the bytes of the endpoint."""
    odd = b"x-Amz-ODD:  kept \r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nTrailer: too\r\n\r\n"
    received = bytearray()

    async def program(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.extend(await reader.readexactly(len(RECEIVED + odd)))
        writer.write(b"HTTP/1.1 599 Odd\r\nany: \tthing\r\n\r\nthe answer")

    async with forwarding(path, program) as port:
        reply = await exchange(port, INVOKE + HOST + odd)
    assert received == RECEIVED + odd
    assert reply == b"HTTP/1.1 599 Odd\r\nany: \tthing\r\n\r\nthe answer"


async def test_request_comes_in_pieces(path: Path) -> None:
    """A request is carried when its head is complete, at whatever byte the pieces end."""
    heads = []

    async def program(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(ANSWER)

    async with forwarding(path, program) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for byte in INVOKE + HOST + b"\r\n":
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert await reader.read() == ANSWER
        writer.close()
        await writer.wait_closed()
    assert heads == [RECEIVED + b"\r\n"]


@pytest.mark.parametrize(
    "target",
    [
        "/2015-03-31/functions/f/invocations",
        "/2021-11-15/functions/f/response-streaming-invocations",
        "/2014-11-13/functions/f/invoke-async",
        "/2019-09-30/functions/f/concurrency",
        "/2016-08-19/account-settings/",
        "/2025-12-01/durable-executions/x",
        "/dev/@connections/L0SM9cOFvHcCIhw%3D",
    ],
)
async def test_every_operation_goes_to_the_endpoint(path: Path, target: str) -> None:
    """Whatever the date of its version is."""
    async with forwarding(path, answer) as port:
        assert (
            await exchange(port, f"GET {target} HTTP/1.1\r\nHost: api\r\n\r\n".encode()) == ANSWER
        )


@pytest.mark.parametrize(
    "target",
    [
        "/2018-06-01/runtime/invocation/next",
        "/2020-01-01/extension/register",
        "/2022-07-01/telemetry",
        "/2020-08-15/logs",
        "/2026-01-15/metadata/execution-environment",
        "/2021-04-23/credentials",
        "/",
        "/2015-03-31",
        "/x/2015-03-31/functions",
    ],
)
async def test_own_apis_and_other_paths_do_not(path: Path, target: str) -> None:
    """They are answered in the sandbox."""
    request = f"GET {target} HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n".encode()
    async with forwarding(path, answer) as port:
        assert (await exchange(port, request)).endswith(f"own {target}".encode())


async def test_clients_that_share_a_connection(path: Path) -> None:
    """A runtime and an SDK may have one pool of connections: each request goes where it belongs."""

    def ask(port: int) -> list[bytes]:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        bodies = []
        for target in ("/2018-06-01/a", "/2015-03-31/b", "/2018-06-01/c", "/2015-03-31/d"):
            connection.request("GET", target)
            bodies.append(connection.getresponse().read())
        connection.close()
        return bodies

    async with forwarding(path, answer) as port:
        bodies = await asyncio.to_thread(ask, port)
    assert bodies == [b"own /2018-06-01/a", b"ok", b"own /2018-06-01/c", b"ok"]


async def test_pipelined_request_goes_to_the_endpoint(path: Path) -> None:
    """The bytes that came with the request before are carried as well."""
    async with forwarding(path, answer) as port:
        received = await exchange(port, PING + b"\r\n" + INVOKE + HOST + b"\r\n")
    assert b"own /2018-06-01/ping" in received
    assert received.endswith(ANSWER)


async def test_malformed_request_is_refused(path: Path) -> None:
    """It is not carried, and its client gets the same answer as without an endpoint."""
    async with forwarding(path, answer) as port:
        for malformed in (b"\x16\x03\x01\x02", b"POST\r\n\r\n", INVOKE + b"no header\r\n\r\n"):
            assert (await exchange(port, malformed)).startswith(b"HTTP/1.1 400 ")


async def test_large_bodies_in_both_directions(path: Path) -> None:
    """Bodies are whole, and a slow reader pauses the sender on either side."""
    size = 64 * _MIB
    read = asyncio.Event()
    sent = [0, 0]

    async def program(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read.wait()
        await reader.readuntil(b"\r\n\r\n")
        received = await reader.readexactly(size)
        assert received.count(0) == size
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(64):
            writer.write(bytes(_MIB))
            await writer.drain()
            sent[1] += _MIB

    async with forwarding(path, program) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(INVOKE + HOST + f"Content-Length: {size}\r\n\r\n".encode())

        async def send() -> None:
            for _ in range(64):
                writer.write(bytes(_MIB))
                await writer.drain()
                sent[0] += _MIB

        sending = asyncio.create_task(send())
        await _stands_still(sent, 0)
        assert 0 < sent[0] < size // 2
        read.set()
        await sending
        await _stands_still(sent, 1)
        assert 0 < sent[1] < size // 2
        assert len(await reader.read()) == size + len(b"HTTP/1.1 200 OK\r\n\r\n")
        writer.close()
        await writer.wait_closed()


async def _stands_still(sent: list[int], index: int) -> None:
    """Wait until a sender has sent something, and then nothing for a while."""
    async with asyncio.timeout(60):
        before = -1
        while not sent[index] or sent[index] != before:
            before = sent[index]
            await asyncio.sleep(0.3)


async def test_half_closed_client_gets_its_answer(path: Path) -> None:
    """The end of the client's bytes reaches the endpoint, and the answer still reaches the client."""

    async def program(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == RECEIVED + b"\r\n"
        writer.write(ANSWER)

    async with forwarding(path, program) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(INVOKE + HOST + b"\r\n")
        writer.write_eof()
        assert await reader.read() == ANSWER
        writer.close()
        await writer.wait_closed()


async def test_early_answer_reaches_a_client_that_still_sends(path: Path) -> None:
    """An endpoint that refuses a body before its end does not make the client lose the answer."""

    async def program(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)

    def ask(port: int) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(INVOKE + HOST + f"Content-Length: {64 * _MIB}\r\n\r\n".encode())
            for _ in range(64):
                client.sendall(bytes(_MIB))
            return client.recv(_MIB)

    async with forwarding(path, program) as port:
        assert await asyncio.to_thread(ask, port) == ANSWER


async def test_client_hangs_up(path: Path) -> None:
    """The endpoint notices a client that closes or resets its connection, so that it can stop its work."""
    ended: asyncio.Queue[bool] = asyncio.Queue()

    async def program(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with suppress(ConnectionError):
            assert await reader.read() == b""
        ended.put_nowait(True)

    async with forwarding(path, program) as port:
        for is_reset in (False, True):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(INVOKE + HOST + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)
            if is_reset:
                writer.transport.abort()
            else:
                writer.close()
            async with asyncio.timeout(20):
                assert await ended.get()


async def test_client_hangs_up_during_an_endless_answer(path: Path) -> None:
    """The connection to the endpoint ends, also while its sender is paused."""
    ended = asyncio.Event()

    async def program(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            while True:
                writer.write(bytes(_MIB))
                await writer.drain()
        finally:
            ended.set()

    async with forwarding(path, program) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(INVOKE + HOST + b"\r\n")
        await reader.readexactly(_MIB)
        writer.transport.abort()
        async with asyncio.timeout(20):
            await ended.wait()


def unavailable(answer: bytes) -> None:
    """Check that an answer is Lambda's error, once."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    assert lines[0].startswith("http/1.1 500 ")
    assert "x-amzn-errortype: serviceexception" in lines
    assert "connection: close" in lines
    assert f"content-length: {len(body)}" in lines
    assert set(json.loads(body)) == {"Type", "Message"}


@pytest.mark.parametrize("remains", ["nothing", "socket", "file"])
async def test_endpoint_that_has_ended(path: Path, remains: str) -> None:
    """A client gets Lambda's error and no reset, although its body was not read."""
    if remains == "socket":
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
    if remains == "file":
        path.write_text("")  # noqa: ASYNC240  # in no time
    body = bytes(4 * _MIB)
    async with served(own_apis, Endpoint(socket=path, has_path=is_endpoint_path)) as port:
        for _ in range(2):
            head = INVOKE + HOST + f"Content-Length: {len(body)}\r\n\r\n".encode()
            unavailable(await exchange(port, head, body))
        assert (await exchange(port, PING + b"Connection: close\r\n\r\n")).endswith(b"ping")


@pytest.mark.parametrize("is_reset", [False, True], ids=["closed", "reset"])
async def test_endpoint_that_dies_before_its_answer(path: Path, is_reset: bool) -> None:  # noqa: FBT001  # a parameter
    """Its client gets Lambda's error, whether all bytes were read or not."""

    async def program(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if is_reset:  # by the kernel, since there are more bytes than the reader takes
            await asyncio.sleep(0.1)
        writer.transport.abort()

    async with forwarding(path, program) as port:
        body = bytes(_MIB) if is_reset else b""
        head = INVOKE + HOST + f"Content-Length: {len(body)}\r\n\r\n".encode()
        unavailable(await exchange(port, head, body))


async def test_endpoint_that_dies_in_its_answer(path: Path) -> None:
    """Its client can detect that the answer is incomplete."""

    async def program(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        writer.transport.abort()

    def ask(port: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("GET", "/2015-03-31/functions/")
            connection.getresponse().read()
        finally:
            connection.close()

    async with forwarding(path, program) as port:
        with pytest.raises((HTTPException, ConnectionError)):
            await asyncio.to_thread(ask, port)


async def test_foreign_client_does_not_reach_the_endpoint(path: Path) -> None:
    """A client from elsewhere is disconnected, and the endpoint hears nothing of it."""
    heard: list[bool] = []

    async def program(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        heard.append(True)

    async def accept_none(_host: str, _port: int) -> bool:
        await asyncio.sleep(0)
        return False

    endpoint = Endpoint(socket=path, has_path=is_endpoint_path)
    listener = socket.create_server(("127.0.0.1", 0))
    async with (
        await asyncio.start_unix_server(program, path),
        Server(listener, own_apis, accepts_peer=accept_none, endpoint=endpoint),
    ):
        try:
            received = await exchange(listener.getsockname()[1], INVOKE + HOST + b"\r\n")
        except ConnectionError:
            received = b""
        await asyncio.sleep(0.05)
    assert received == b""
    assert not heard


def _open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


async def test_connections_end_with_the_server(path: Path) -> None:
    """No connection is left on either side, whatever its state is."""
    connected, ended = asyncio.Semaphore(0), asyncio.Semaphore(0)

    async def program(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        connected.release()
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        ended.release()

    before = _open_files()
    server = await asyncio.start_unix_server(program, path)
    async with server:
        async with served(own_apis, Endpoint(socket=path, has_path=is_endpoint_path)) as port:
            clients = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
            for _, writer in clients[:3]:
                writer.write(INVOKE + HOST + b"\r\n")
            for _ in range(3):
                await connected.acquire()
            clients[1][1].write_eof()
            clients[3][1].write(INVOKE)  # not complete
            await asyncio.sleep(0.05)
        async with asyncio.timeout(20):
            for _ in range(3):
                await ended.acquire()
        for reader, writer in clients:
            with suppress(ConnectionError):
                await reader.read()
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
    assert _open_files() <= before


@pytest.mark.parametrize("steps", range(8))
async def test_server_that_ends_while_a_client_is_connected_to_the_endpoint(
    path: Path, steps: int
) -> None:
    """The server does not hang at any stage of the connection."""
    async with await asyncio.start_unix_server(answer, path):
        async with (
            asyncio.timeout(20),
            served(own_apis, Endpoint(socket=path, has_path=is_endpoint_path)) as port,
        ):
            client = socket.create_connection(("127.0.0.1", port), timeout=20)
            client.sendall(INVOKE + HOST + b"\r\n")
            for _ in range(steps):
                await asyncio.sleep(0)
        with client, suppress(ConnectionError):
            assert await asyncio.to_thread(client.recv, _MIB) in {b"", ANSWER}


async def test_burst_of_connections(path: Path) -> None:
    """More connections than the endpoint's queue has room for are all answered."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(1)
    server = await asyncio.start_unix_server(answer, sock=listener, start_serving=False)
    async with server, served(own_apis, Endpoint(socket=path, has_path=is_endpoint_path)) as port:
        request = INVOKE + HOST + b"\r\n"
        asking = [asyncio.create_task(exchange(port, request)) for _ in range(50)]
        await asyncio.sleep(0.2)
        await server.start_serving()
        async with asyncio.timeout(20):
            assert set(await asyncio.gather(*asking)) == {ANSWER}


async def test_encrypted_requests_are_carried(path: Path, tmp_path: Path) -> None:
    """Where the endpoint has TLS, it serves the client itself, with several requests on a connection."""
    certificate = make_certificate(tmp_path)
    noted: list[None] = []
    endpoint = Endpoint(
        socket=path, has_path=is_endpoint_path, note_encryption=lambda: noted.append(None)
    )
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(encrypted_path(path)))

    def ask(port: int) -> list[bytes]:
        context = ssl.create_default_context(cafile=certificate.cert)
        connection = HTTPSConnection("127.0.0.1", port, timeout=20, context=context)
        bodies = []
        for number in range(3):
            connection.request("POST", f"/dev/@connections/{number}", b"x" * _MIB)
            bodies.append(connection.getresponse().read())
        connection.close()
        return bodies

    tls = load_tls(certificate.cert, certificate.key)
    async with HttpServer(echo, sockets=[listener], tls=tls), served(own_apis, endpoint) as port:
        assert await asyncio.to_thread(ask, port) == [b"x" * _MIB] * 3
    assert noted == []


async def test_encrypted_requests_are_noted(path: Path) -> None:
    """A client that begins with TLS learns from its error that there is none; what is not HTTP either is not noted."""
    noted: list[None] = []
    endpoint = Endpoint(
        socket=path, has_path=is_endpoint_path, note_encryption=lambda: noted.append(None)
    )

    def shake_hands(port: int) -> str | None:
        context = ssl.create_default_context()
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            try:
                context.wrap_socket(client, server_hostname="127.0.0.1")
            except ssl.SSLError as error:
                return error.reason
        return None

    async with served(own_apis, endpoint) as port:
        assert (await exchange(port, b"\x00\x01")).startswith(b"HTTP/1.1 400 ")
        assert noted == []
        assert await asyncio.to_thread(shake_hands, port) == "WRONG_VERSION_NUMBER"
        assert len(noted) == 1
        assert (await exchange(port, PING + b"Connection: close\r\n\r\n")).endswith(b"/ping")
