"""WebSockets: real clients, broken ones, and a stop."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import pytest
import websocket

from samlocal.http_server.asgi import HEADERS
from samlocal.http_server.limits import Limits
from samlocal.http_server.websocket_scope import last_ping
from tests.functional.http_server.serving import exchange, read_body, respond, served

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.http_server.asgi import Message, Receive, Scope, Send
    from samlocal.http_server.server import HttpServer

HANDSHAKE: Final = (
    b"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ACCEPTED: Final = b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
MASK: Final = b"\0\0\0\0"  # frames of clients have one


class EchoApp:
    """Accepts WebSockets, and sends back what comes; keeps how they ended."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.ends: list[Message] = []
        self.failed_sends = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        if scope["type"] == "http":
            await respond(send, 200, await read_body(receive))
            return
        assert (await receive())["type"] == "websocket.connect"
        protocol = next(iter(scope["subprotocols"]), None)
        headers = [(b"X-Own", b"1")]
        await send({"type": "websocket.accept", "subprotocol": protocol, "headers": headers})
        while (message := await receive())["type"] == "websocket.receive":
            if message.get("text") == "close":
                await send({"type": "websocket.close", "code": 4001, "reason": "as you like"})
            else:
                await send({**message, "type": "websocket.send"})
        self.ends.append(message)
        try:
            await send({"type": "websocket.send", "text": "too late"})
        except OSError:
            self.failed_sends += 1

    async def wait_for_ends(self, number: int) -> None:
        while len(self.ends) < number:  # noqa: ASYNC110  # the app tells nobody
            await asyncio.sleep(0.01)


def connect(port: int, **options: Any) -> websocket.WebSocket:  # noqa: ANN401  # those of the client
    return websocket.create_connection(f"ws://127.0.0.1:{port}/chat?a=b", timeout=20, **options)


def frame(opcode: int, payload: bytes, *, is_last: bool = True) -> bytes:
    assert len(payload) < 126
    return bytes([(0x80 if is_last else 0) | opcode, 0x80 | len(payload)]) + MASK + payload


def hang_up(connection: websocket.WebSocket) -> None:
    """Close a connection without a word."""
    assert connection.sock
    connection.sock.close()


async def wait_for_running(server: HttpServer) -> None:
    while server.running == 0:  # noqa: ASYNC110  # the server tells nobody
        await asyncio.sleep(0.01)


async def talk(app: EchoApp, client: Callable[[int], None], **limits: int) -> HttpServer:
    """Run a client in a thread, and wait until the app has ended."""
    async with served(app, Limits(**limits), websockets=True) as (server, port):
        await asyncio.to_thread(client, port)
        await app.wait_for_ends(1)
        await asyncio.sleep(0)
        assert server.running == 0
    return server


async def test_conversation() -> None:
    """Texts and bytes of all sizes go both ways; the app sees the request as the client wrote it."""

    def client(port: int) -> None:
        connection = connect(port, subprotocols=["one", "two"], header={"X-Mixed-Case": "1"})
        assert connection.subprotocol == "one"
        assert (connection.getheaders() or {})["x-own"] == "1"
        for text in ("", "a", "ä€😀", "x" * 70_000, "ä" * 100_000):
            connection.send(text)
            assert connection.recv() == text
        for content in (b"", b"\0\xff", bytes(range(256)) * 1000):
            connection.send_binary(content)
            assert connection.recv() == content
        connection.send_frame(websocket.ABNF.create_frame("first ", websocket.ABNF.OPCODE_TEXT, 0))
        connection.send_frame(websocket.ABNF.create_frame("last", websocket.ABNF.OPCODE_CONT, 1))
        assert connection.recv() == "first last"
        connection.close(4000, b"bye")

    app = EchoApp()
    await talk(app, client)
    (scope,) = app.scopes
    assert scope["type"] == "websocket"
    assert scope["scheme"] == "ws"
    assert (scope["path"], scope["query_string"]) == ("/chat", b"a=b")
    assert scope["client"][0] == "127.0.0.1"
    assert (b"X-Mixed-Case", b"1") in scope["extensions"][HEADERS]
    assert "method" not in scope
    assert app.ends == [{"type": "websocket.disconnect", "code": 4000, "reason": "bye"}]
    assert app.failed_sends == 1


async def test_close_by_the_app() -> None:
    """The client gets code and reason of the app."""

    def client(port: int) -> None:
        connection = connect(port)
        connection.send("close")
        code, data = connection.recv_data()
        assert (code, data) == (8, (4001).to_bytes(2, "big") + b"as you like")
        hang_up(connection)

    app = EchoApp()
    await talk(app, client)
    assert app.ends[0]["code"] == 4001


async def test_client_that_disappears() -> None:
    """A connection that breaks ends with code 1006."""
    app = EchoApp()
    await talk(app, lambda port: hang_up(connect(port)))
    assert app.ends[0]["code"] == 1006


async def test_close_without_a_code() -> None:
    """A client need not say why it leaves."""
    app = EchoApp()
    async with served(app, websockets=True) as (_, port):
        answer = await exchange(port, HANDSHAKE + frame(8, b""))
        assert answer.endswith(b"\x88\x00")
        await app.wait_for_ends(1)
    assert app.ends == [{"type": "websocket.disconnect", "code": 1005, "reason": ""}]


async def test_frames_that_follow_the_handshake_at_once() -> None:
    """What a client sends before it is accepted is not lost."""
    app = EchoApp()
    async with served(app, websockets=True) as (_, port):
        for parts in (
            [HANDSHAKE + frame(1, b"early"), frame(8, b"\x03\xe8")],
            [HANDSHAKE[:-1], HANDSHAKE[-1:] + frame(1, b"early")[:3], frame(1, b"early")[3:], frame(8, b"\x03\xe8")],
        ):  # fmt: skip
            head, _, frames = (await exchange(port, *parts)).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101 ")
            assert ACCEPTED in head + b"\r\n"
            assert frames == b"\x81\x05early\x88\x02\x03\xe8"


async def test_pings() -> None:
    """A ping gets its pong, and the time of the last one is noted."""
    app = EchoApp()
    async with served(app, websockets=True) as (_, port):
        begin = asyncio.get_running_loop().time()
        answer = await exchange(port, HANDSHAKE, frame(9, b"you"), frame(8, b"\x03\xe8"))
        assert b"\x8a\x03you\x88" in answer
        assert begin < last_ping(app.scopes[0]) < begin + 20


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        pytest.param(frame(1, b"\xff\xfe"), 1007, id="not UTF-8"),
        pytest.param(b"\x81\x05hello", 1002, id="no mask"),
        pytest.param(frame(5, b""), 1002, id="no such opcode"),
        pytest.param(b"\xf1\x80" + MASK, 1002, id="reserved bits"),
        pytest.param(frame(0, b"a"), 1002, id="nothing to continue"),
        pytest.param(frame(9, b"a", is_last=False), 1002, id="a ping in parts"),
        pytest.param(frame(8, b"a"), 1002, id="half a code"),
        pytest.param(b"\x82\xff" + (2**40).to_bytes(8, "big") + MASK + b"a" * 2000, 1009, id="large"),
        pytest.param(frame(1, b"a" * 100, is_last=False) + frame(0, b"a" * 100, is_last=False) * 20, 1009, id="many parts"),
        pytest.param(frame(1, ("€" * 40).encode(), is_last=False) + frame(0, ("€" * 40).encode(), is_last=False) * 9, 1009, id="bytes, not characters"),
    ],
)  # fmt: skip
async def test_broken_frames(frames: bytes, code: int) -> None:
    """What is no message closes the WebSocket with the code of its reason."""
    app = EchoApp()
    async with served(app, Limits(message_bytes=1000), websockets=True) as (_, port):
        sent = (await exchange(port, HANDSHAKE, frames, ends=True)).partition(b"\r\n\r\n")[2]
        assert sent[:1] == b"\x88"
        assert int.from_bytes(sent[2:4], "big") == code
        await app.wait_for_ends(1)
    assert app.ends[0]["code"] == code


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"Version: 13", b"Version: 8", 426),
        (b"Sec-WebSocket-Version: 13\r\n", b"", 426),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"short", 400),
        (b"Sec-WebSocket-Key", b"Another", 400),
        (b"HTTP/1.1", b"HTTP/1.0", 400),
    ],
)
async def test_handshakes_that_are_refused(old: bytes, new: bytes, status: int) -> None:
    """A handshake that is not one of RFC 6455 does not reach the app."""
    app = EchoApp()
    async with served(app, websockets=True) as (server, port):
        answer = await exchange(port, HANDSHAKE.replace(old, new))
        assert answer.startswith(b"HTTP/1.1 %d " % status)
        assert (b"Sec-WebSocket-Version: 13" in answer) == (status == 426)
        assert server.running == 0
    assert app.scopes == []


async def test_refused_by_the_app() -> None:
    """An app can answer with a response of its own, or refuse without a word."""
    refusals: list[list[Message]] = [
        [
            {"type": "websocket.http.response.start", "status": 401, "headers": [(b"X-A", b"1")]},
            {"type": "websocket.http.response.body", "body": b"no", "more_body": True},
            {"type": "websocket.http.response.body", "body": b"body"},
        ],
        [{"type": "websocket.close"}],
        [],
    ]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert "websocket.http.response" in scope["extensions"]
        await receive()
        for each in refusals[0]:
            await send(each)

    async with served(app, websockets=True) as (server, port):
        answer = await exchange(port, HANDSHAKE)
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"\r\nX-A: 1\r\n" in answer
        assert answer.endswith(b"\r\n\r\n2\r\nno\r\n4\r\nbody\r\n0\r\n\r\n")
        del refusals[0]
        assert (await exchange(port, HANDSHAKE)).startswith(b"HTTP/1.1 403 ")
        del refusals[0]
        assert (await exchange(port, HANDSHAKE)).startswith(b"HTTP/1.1 500 ")
        assert server.running == 0


async def test_app_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """A defect closes the WebSocket with code 1011, and is logged."""

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        raise ValueError("a defect")

    async with served(app, websockets=True) as (_, port):
        sent = (await exchange(port, HANDSHAKE, ends=True)).partition(b"\r\n\r\n")[2]
        assert sent == b"\x88\x02" + (1011).to_bytes(2, "big")
    assert "a defect" in caplog.text


async def test_server_without_websockets() -> None:
    """A server that has none takes the request for any other, and does not import what it would need."""
    app = EchoApp()
    async with served(app) as (_, port):
        request = HANDSHAKE.replace(b"keep-alive, Upgrade", b"close, Upgrade")
        assert (await exchange(port, request)).startswith(b"HTTP/1.1 200 ")
    assert app.scopes[0]["type"] == "http"
    program = "import sys, samlocal.http_server.server; sys.exit('wsproto' in sys.modules)"
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", program], check=True)


async def test_requests_beside_a_websocket() -> None:
    """Requests on the same server and connection are those of any other server."""
    app = EchoApp()
    post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok"
    async with served(app, websockets=True) as (server, port):
        connection = await asyncio.to_thread(connect, port)
        close = post.replace(b"Host", b"Connection: close\r\nHost")
        assert (await exchange(port, post + post + close)).count(b"\r\n\r\nok") == 3
        answer = await exchange(port, post + HANDSHAKE + frame(8, b""))
        assert b"\r\n\r\nokHTTP/1.1 101 " in answer
        assert server.running == 1
        await asyncio.to_thread(connection.close)


async def test_stop() -> None:
    """A stop closes WebSockets with code 1001, and waits until the app has seen it."""
    seen = []

    class SlowApp(EchoApp):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await super().__call__(scope, receive, send)
            await asyncio.sleep(0.3)  # `$disconnect`
            seen.append(self.ends[-1]["code"])

    app = SlowApp()
    async with served(app, websockets=True) as (server, port):
        connections = [await asyncio.to_thread(connect, port) for _ in range(5)]
        assert server.running == 5
        stop = asyncio.create_task(server.stop(3600))  # longer than a test may take
        for each in connections:
            opcode, data = await asyncio.to_thread(each.recv_data)
            assert (opcode, data[:2]) == (8, (1001).to_bytes(2, "big"))
            hang_up(each)
        await stop
    assert seen == [1001] * 5
    assert server.running == 0


async def test_stop_with_a_client_that_does_not_answer() -> None:
    """A client that ignores the close frame does not hold up a stop."""
    app = EchoApp()
    async with served(app, websockets=True) as (server, port):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(HANDSHAKE)
            await wait_for_running(server)
            await asyncio.sleep(0.05)
            await asyncio.wait_for(server.stop(20), 5)
    assert app.ends[0]["code"] == 1001


async def test_stop_before_a_websocket_is_accepted() -> None:
    """An app that has not accepted in time is cancelled, and the client gets status 503."""

    async def wait(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await asyncio.sleep(60)

    async with served(wait, websockets=True) as (server, port):
        answer = asyncio.create_task(exchange(port, HANDSHAKE))
        await wait_for_running(server)
        await server.stop(0.1)
        assert (await answer).startswith(b"HTTP/1.1 503 ")


async def test_app_that_does_not_read() -> None:
    """A client that sends more than the app reads has to wait."""
    gate = asyncio.Event()
    received = 0

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal received
        await receive()
        await send({"type": "websocket.accept"})
        await gate.wait()
        while (await receive())["type"] == "websocket.receive":
            received += 1

    async with served(app, websockets=True) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        large = b"\x82\xfe" + (60_000).to_bytes(2, "big") + MASK + b"x" * 60_000
        writer.write(large * 500)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(writer.drain(), 1)
        gate.set()
        writer.write(frame(8, b""))
        assert await reader.read() == b"\x88\x00"
        assert received == 500
        writer.close()


async def test_close_of_a_client_that_does_not_read() -> None:
    """An app that closes such a WebSocket does not wait until its client reads what was sent before."""
    closed = asyncio.Event()

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                while True:
                    await send({"type": "websocket.send", "bytes": bytes(1_000_000)})
        await send({"type": "websocket.close", "code": 1000})
        closed.set()

    async with served(app, websockets=True) as (_, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(HANDSHAKE)
        await asyncio.wait_for(closed.wait(), 5)
        writer.close()
