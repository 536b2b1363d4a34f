"""WebSocket APIs with real clients, over a real socket."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]  # no types
from websocket import ABNF, WebSocketBadStatusException

from samlocal.http_api.websocket.limits import Limits
from tests import nodejs
from tests.functional.http_api.websocket.chat_server import ChatServer, Connections, post
from tests.unit.http_api.websocket.fakes import FunctionFailedError, World, function_route

if TYPE_CHECKING:
    from websocket import WebSocket

Event = dict[str, Any]
_KIB = 1024


async def _ok(_event: Event) -> object:
    return {"statusCode": 200}


async def _echo(event: Event) -> object:
    return {"statusCode": 200, "body": event["body"]}


def _echo_world(limits: Limits | None = None) -> World:
    default = function_route("$default", answers=True)
    return World(
        default, function_route("$disconnect"), limits=limits, default=_echo, disconnect=_ok
    )


def test_chat() -> None:
    """Two clients talk through functions that call `@connections` with boto3."""
    members: list[str] = []

    async def connect(event: Event) -> object:
        members.append(event["requestContext"]["connectionId"])
        return {"statusCode": 200}

    async def say(event: Event) -> object:
        for each in members:
            await post(event, each, {"said": json.loads(event["body"])["text"]})
        return {"statusCode": 200}

    async def disconnect(event: Event) -> object:
        members.remove(event["requestContext"]["connectionId"])
        return {}

    routes = [function_route(key) for key in ("$connect", "say", "$disconnect")]
    with ChatServer(World(*routes, connect=connect, say=say, disconnect=disconnect)) as server:
        with closing(server.connect("/dev?name=a")) as one, closing(server.connect("/")) as two:
            one.send('{"action": "say", "text": "hello"}')
            assert [json.loads(each.recv()) for each in (one, two)] == [{"said": "hello"}] * 2
        _until(lambda: members == [])
        assert server.world.reported == []
        first = server.world.functions.events[0]
        assert first["queryStringParameters"] == {"name": "a"}
        assert first["headers"]["Host"] == server.address
        assert "Upgrade" not in first["headers"]
        assert [each["disconnectStatusCode"] for each in server.contexts("DISCONNECT")] == [
            1000
        ] * 2


def test_management_with_boto3() -> None:
    """boto3 sends to a client, describes it, closes it, and has the service's exceptions; with and without stage."""
    routes = [function_route(key) for key in ("$connect", "$disconnect")]
    with ChatServer(World(*routes, connect=_ok, disconnect=_ok)) as server:
        with closing(server.connect(header={"User-Agent": "test"})) as client:
            (context,) = server.contexts("CONNECT")
            connection_id = context["connectionId"]
            with Connections(context, stage="") as connections:
                sent = connections.call("post_to_connection", connection_id, Data=b"hi")
                assert (sent["status"], client.recv()) == (200, "hi")
            with Connections(context) as connections:
                found = connections.call("get_connection", connection_id)
                assert found["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "test"}
                now = datetime.now(UTC)
                assert now - timedelta(minutes=1) < found["ConnectedAt"] <= found["LastActiveAt"]
                assert connections.call("delete_connection", connection_id)["status"] == 204
                assert _closed(client) == (1000, "Connection Closed Normally")
                _refused(connections, "GoneException", connection_id, b"late")
                _refused(connections, "BadRequestException", "undefined", b"x")
                _refused(connections, "PayloadTooLargeException", connection_id, b"x" * 131_073)
        _until(lambda: len(server.contexts("DISCONNECT")) == 1)


def _refused(connections: Connections, code: str, connection_id: str, data: bytes) -> None:
    with pytest.raises(ClientError) as raised:
        connections.call("post_to_connection", connection_id, Data=data)
    assert raised.value.response["Error"]["Code"] == code


async def _status(event: Event) -> object:
    if event["queryStringParameters"]["status"] == "error":
        raise FunctionFailedError("no")
    return {"statusCode": int(event["queryStringParameters"]["status"])}


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/dev?status=401", 401),
        ("/dev?status=503", 503),
        ("/dev?status=error", 502),
        ("/other", 403),
    ],
)
def test_refused_handshakes(target: str, status: int) -> None:
    """A client sees the status of `$connect`, and headers of the service."""
    with ChatServer(World(function_route("$connect"), connect=_status)) as server:
        with pytest.raises(WebSocketBadStatusException) as raised:
            server.connect(target)
        assert raised.value.status_code == status
        assert raised.value.resp_headers
        assert raised.value.resp_headers["x-amzn-requestid"]


def test_subprotocol() -> None:
    """A client gets the subprotocol that the function of `$connect` chooses."""

    async def connect(event: Event) -> object:
        offered = event["headers"]["Sec-WebSocket-Protocol"].split(",")
        return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": offered[-1].strip()}}

    with (
        ChatServer(World(function_route("$connect"), connect=connect)) as server,
        closing(server.connect(subprotocols=["v1", "v2"])) as client,
    ):
        assert client.subprotocol == "v2"


@pytest.mark.parametrize("sizes", [[32], [32, 32, 32, 32], [1] * 128])
def test_large_messages(sizes: list[int]) -> None:
    """A message of up to 128 KiB in frames of up to 32 KiB gets through, and so does its answer."""
    with ChatServer(_echo_world()) as server, closing(server.connect()) as client:
        _send_frames(client, sizes)
        assert len(client.recv()) == sum(sizes) * _KIB


@pytest.mark.parametrize("sizes", [[33], [32, 33], [32, 32, 32, 32, 1]])
def test_too_large_messages(sizes: list[int]) -> None:
    """A larger frame or message closes the connection with code 1009."""
    with ChatServer(_echo_world()) as server, closing(server.connect()) as client:
        _send_frames(client, sizes)
        assert _closed(client)[0] == 1009
        _until(lambda: len(server.contexts("DISCONNECT")) == 1)
        assert server.contexts("DISCONNECT")[0]["disconnectStatusCode"] == 1009


def _send_frames(client: WebSocket, sizes: list[int]) -> None:
    for number, size in enumerate(sizes):
        opcode = ABNF.OPCODE_CONT if number else ABNF.OPCODE_TEXT
        is_last = int(number == len(sizes) - 1)
        client.send_frame(ABNF.create_frame("x" * size * _KIB, opcode, is_last))


def test_binary_message() -> None:
    """A binary frame closes the connection with code 1003."""
    with ChatServer(_echo_world()) as server, closing(server.connect()) as client:
        client.send_binary(b"\x00\x01")
        assert _closed(client)[0] == 1003


def test_idle_connection() -> None:
    """An idle connection is closed with code 1001; pings of the client keep one open."""
    with (
        ChatServer(_echo_world(Limits(idle_seconds=0.6))) as server,
        closing(server.connect()) as client,
    ):
        for _ in range(4):
            time.sleep(0.3)
            client.ping()
        client.send("still here")
        assert client.recv() == "still here"
        assert _closed(client) == (1001, "Going away")


def test_broken_connection() -> None:
    """`$disconnect` runs with code 1006 if a client breaks off, and with 1005 if it closes without a code."""
    with ChatServer(_echo_world()) as server:
        client = server.connect()
        client.shutdown()  # type: ignore[no-untyped-call]  # it has no types
        _until(lambda: len(server.contexts("DISCONNECT")) == 1)
        with closing(server.connect()) as client:
            client.send(b"", ABNF.OPCODE_CLOSE)
            _until(lambda: len(server.contexts("DISCONNECT")) == 2)
        contexts = server.contexts("DISCONNECT")
    assert [each["disconnectStatusCode"] for each in contexts] == [1006, 1005]
    assert contexts[1]["disconnectReason"] == "Client-side close frame status not set"


def test_stop_of_the_server() -> None:
    """A server that stops before the API is closed ends connections in the same way."""
    with ChatServer(_echo_world()) as server:
        client = server.connect()
    assert _closed(client) == (1001, "Going away")
    assert [each["disconnectStatusCode"] for each in server.contexts("DISCONNECT")] == [1001]


def test_end_of_the_endpoint() -> None:
    """At the end all clients get code 1001, and `$disconnect` has run for each."""
    with ChatServer(_echo_world()) as server:
        clients = [server.connect() for _ in range(20)]
        server.close()
        assert len(server.contexts("DISCONNECT")) == 20
        assert {_closed(each) for each in clients} == {(1001, "Going away")}


_SCRIPT = """
const socket = new WebSocket(process.argv[1]);
socket.onopen = () => socket.send(JSON.stringify({action: 'other', text: 'grüße'}));
socket.onmessage = (event) => { console.log(event.data); socket.close(4000, 'done'); };
socket.onclose = (event) => console.log(event.code, event.reason, event.wasClean);
"""


def test_nodejs() -> None:
    """The WebSocket of Node.js, which is that of browsers, gets its answer and closes with a code of its own."""
    nodejs.add_to_path()
    with ChatServer(_echo_world()) as server:
        done = subprocess.run(
            ["node", "-e", _SCRIPT, f"ws://{server.address}/dev"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            # Before Node.js 22 it has to be asked for.
            env={**os.environ, "NODE_OPTIONS": "--experimental-websocket --no-warnings"},
        )
        assert done.stdout.splitlines() == ['{"action":"other","text":"grüße"}', "4000 done true"]
        _until(lambda: len(server.contexts("DISCONNECT")) == 1)
    assert server.contexts("DISCONNECT")[0]["disconnectReason"] == "done"


def _closed(client: WebSocket) -> tuple[int, str]:
    """Return code and reason of the frame that closes a client's connection."""
    opcode, data = client.recv_data()
    client.shutdown()  # type: ignore[no-untyped-call]  # it has no types
    assert opcode == ABNF.OPCODE_CLOSE
    (code,) = struct.unpack("!H", data[:2])
    return code, data[2:].decode()


def _until(condition: Any) -> None:  # noqa: ANN401
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)
