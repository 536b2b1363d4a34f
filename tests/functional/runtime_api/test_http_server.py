"""The HTTP server on a real socket, with other clients: h11, http.client and plain sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable  # they define a type as the program runs
from http.client import HTTPConnection, IncompleteRead
from typing import TYPE_CHECKING

import h11
import pytest

from samlocal.runtime_api.http_messages import Response
from tests.functional.runtime_api.client import exchange, served

if TYPE_CHECKING:
    from samlocal.runtime_api.http_messages import Handler, Request

_MIB = 1024 * 1024
GET = b"GET / HTTP/1.1\r\nHost: api\r\n\r\n"

Body = Callable[[], AsyncGenerator[bytes, None]]


def streaming(body: Body, trailers: dict[str, str] | None = None) -> Handler:
    """A handler that answers with a streamed body."""

    async def handle(_request: Request) -> Response:
        return Response(
            status=200,
            body=body(),
            headers={"Content-Type": "text/plain", **({"Trailer": "X-End"} if trailers else {})},
            trailers=lambda: trailers or {},
        )

    return handle


async def two_pieces() -> AsyncGenerator[bytes, None]:
    yield b"one "
    yield b""  # no chunk: it would be the last one
    yield b"two"


async def test_streamed_body_comes_in_chunks_with_trailers() -> None:
    """Another implementation of the protocol reads the body, and the trailers after it."""
    client = h11.Connection(h11.CLIENT)
    headers = [("Host", "api"), ("Connection", "close")]
    asked = client.send(h11.Request(method="GET", target="/", headers=headers)) or b""
    asked += client.send(h11.EndOfMessage()) or b""

    async with served(streaming(two_pieces, {"X-End": "all"})) as port:
        client.receive_data(await exchange(port, asked))

    head = client.next_event()
    assert isinstance(head, h11.Response)
    assert dict(head.headers)[b"transfer-encoding"] == b"chunked"
    data = b""
    while isinstance(event := client.next_event(), h11.Data):
        data += event.data
    assert data == b"one two"
    assert isinstance(event, h11.EndOfMessage)
    assert dict(event.headers) == {b"x-end": b"all"}


async def test_connection_goes_on_after_a_streamed_body() -> None:
    """The next request of a client is answered on the same connection."""

    def ask(port: int) -> list[bytes]:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        connection.connect()
        connection.auto_open = 0  # a second connection would be an error
        bodies = []
        for _ in range(2):
            connection.request("GET", "/")
            bodies.append(connection.getresponse().read())
        connection.close()
        return bodies

    async with served(streaming(two_pieces, {"X-End": "all"})) as port:
        assert await asyncio.to_thread(ask, port) == [b"one two"] * 2


async def test_streamed_body_for_a_client_of_http_1_0() -> None:
    """An HTTP/1.0 client gets neither chunks nor trailers: the body ends with the connection."""
    async with served(streaming(two_pieces, {"X-End": "all"})) as port:
        received = await exchange(port, b"GET / HTTP/1.0\r\n\r\n")
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert body == b"one two"


@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
async def test_answer_to_head_has_no_body(is_streamed: bool) -> None:  # noqa: FBT001  # a parameter
    """The response to HEAD has no body, which the client would take for the next response."""

    async def handle(_request: Request) -> Response:
        return Response(status=200, body=two_pieces() if is_streamed else b"one two")

    async with served(handle) as port:
        received = await exchange(
            port, b"HEAD / HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n"
        )
    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.endswith(b"\r\n\r\n")
    assert b"one" not in received


async def test_first_chunk_is_sent_before_the_last_is_produced() -> None:
    """A client gets the first chunk while the handler waits for the next one."""
    seen = asyncio.Event()

    async def body() -> AsyncGenerator[bytes, None]:
        yield b"first"
        await seen.wait()
        yield b"last"

    async with served(streaming(body)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        await reader.readuntil(b"first")
        seen.set()
        await reader.readuntil(b"last")
        writer.close()
        await writer.wait_closed()


async def test_body_is_closed_when_its_client_disconnects() -> None:
    """The body is closed when its client disconnects, while it waits or is paused by a slow reader."""
    closed = [asyncio.Event(), asyncio.Event()]

    async def waiting() -> AsyncGenerator[bytes, None]:
        try:
            yield b"first"
            await asyncio.Event().wait()
        finally:
            closed[0].set()

    async def endless() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield bytes(_MIB)
        finally:
            closed[1].set()

    for body, event in zip((waiting, endless), closed, strict=True):
        async with served(streaming(body)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(GET)
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.abort()
            async with asyncio.timeout(20):
                await event.wait()


async def test_body_is_closed_with_the_server() -> None:
    """After the server is closed, no body is still running."""
    closed = []

    async def body() -> AsyncGenerator[bytes, None]:
        try:
            yield b"first"
            await asyncio.Event().wait()
        finally:
            for _ in range(10):
                await asyncio.sleep(0)
            closed.append("body")

    async with served(streaming(body)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        await reader.readuntil(b"first")
    assert closed == ["body"]
    writer.close()


async def test_slow_reader_pauses_the_body() -> None:
    """A slow reader pauses the body when the buffers are full, and nothing is lost."""
    produced = 0

    async def body() -> AsyncGenerator[bytes, None]:
        nonlocal produced
        for _ in range(64):
            produced += 1
            yield bytes(_MIB)

    def read_rest(client: socket.socket) -> int:
        received = 0
        while piece := client.recv(_MIB):
            received += len(piece)
        return received

    async with served(streaming(body)) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            await asyncio.to_thread(client.recv, 1)
            assert produced < 32
            assert await asyncio.to_thread(read_rest, client) > 64 * _MIB
    assert produced == 64


async def test_slow_handler_pauses_the_request() -> None:
    """A slow handler pauses the request when the buffers are full, and gets the rest as it reads."""
    size = 64 * _MIB

    async def handle(request: Request) -> Response:
        while request._transport.is_reading() and not request.is_whole:  # noqa: ASYNC110  # no event tells
            await asyncio.sleep(0.001)
        was_held_up = not request.is_whole
        received = sum([len(chunk) async for chunk in request.stream()])
        return Response(status=200, body=f"{was_held_up} {received}".encode())

    def post(port: int) -> bytes:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("POST", "/", body=bytes(size))
            return connection.getresponse().read()
        finally:
            connection.close()

    async with served(handle) as port:
        assert await asyncio.to_thread(post, port) == f"True {size}".encode()


async def test_request_that_its_handler_does_not_read() -> None:
    """The rest is discarded: the client sees the answer, and the connection goes on."""

    async def handle(request: Request) -> Response:
        return Response(status=200, body=request.method.encode())

    def ask(port: int) -> list[bytes]:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            answers = []
            for method, body in (("POST", bytes(16 * _MIB)), ("GET", None)):
                connection.request(method, "/", body=body)
                with connection.getresponse() as response:
                    assert not response.will_close
                    answers.append(response.read())
                connection.auto_open = 0  # a second connection would hide the end of the first
            return answers
        finally:
            connection.close()

    async with served(handle) as port:
        assert await asyncio.to_thread(ask, port) == [b"POST", b"GET"]


async def test_get_with_a_malformed_body_is_refused() -> None:
    """The handler of a GET is called after its body, which it does not read."""

    async def handle(request: Request) -> Response:
        return Response(status=200, body=request.path.encode())

    head = (
        b"GET /%s HTTP/1.1\r\nHost: api\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    async with served(handle) as port:
        assert (await exchange(port, head % b"a", b"zz\r\n")).startswith(b"HTTP/1.1 400 ")
        assert (await exchange(port, head % b"b", b"1\r\nx\r\n0\r\n\r\n")).endswith(b"\r\n/b")


async def test_body_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """A client can detect that a body failed and is incomplete."""

    async def body() -> AsyncGenerator[bytes, None]:
        yield b"one "
        raise ValueError("no more")

    def ask(port: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        finally:
            connection.close()

    async with served(streaming(body)) as port:
        with pytest.raises((IncompleteRead, ConnectionError)):
            await asyncio.to_thread(ask, port)
    assert "no more" in caplog.text


@pytest.mark.parametrize("steps", range(4))
async def test_client_that_connects_as_the_server_closes(steps: int) -> None:
    """A client that connects while the server closes is disconnected at any stage."""
    async with served(streaming(two_pieces)) as port:
        client = socket.create_connection(("127.0.0.1", port), timeout=20)
        for _ in range(steps):
            await asyncio.sleep(0)
    with client:
        try:
            client.sendall(GET)
            received = await asyncio.to_thread(client.recv, 1)
        except ConnectionError:
            received = b""
    assert received == b""
