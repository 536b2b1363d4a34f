"""The client of the Engine API against a server on a real socket with prepared answers."""

from __future__ import annotations

import json
import socket
import time
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING

import h11
import pytest

from samlocal.engine.discovery import EngineAddress
from samlocal.engine.engine_api import ApiError, EngineApi, ImageMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PING = b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK"


class FakeEngine:
    """Answers each request with the next prepared answer; an empty one closes the connection instead."""

    def __init__(self, path: Path) -> None:
        self.requests: list[tuple[int, str, bytes]] = []
        self.answers: list[bytes] = [PING]
        self.closes_after: set[int] = set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            number += 1
            Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection, suppress(OSError):  # the client has hung up
            protocol = h11.Connection(h11.SERVER)
            while request := self._read(connection, protocol):
                target, body = request
                self.requests.append((number, target, body))
                answer = self.answers.pop(0)
                connection.sendall(answer)
                if not answer or len(self.requests) in self.closes_after or b" 101 " in answer:
                    return
                protocol = h11.Connection(h11.SERVER)

    @staticmethod
    def _read(connection: socket.socket, protocol: h11.Connection) -> tuple[str, bytes] | None:
        target, body = "", b""
        while True:
            event = protocol.next_event()
            if event is h11.NEED_DATA:
                protocol.receive_data(connection.recv(65536))
            elif isinstance(event, h11.Request):
                target = f"{event.method.decode()} {event.target.decode()}"
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return target, body
            else:
                return None

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[FakeEngine]:
    running = FakeEngine(tmp_path / "engine.sock")
    yield running
    running.close()


@contextmanager
def connected(tmp_path: Path) -> Iterator[EngineApi]:
    api = EngineApi(EngineAddress(url=f"unix://{tmp_path}/engine.sock"), seconds=5)
    try:
        yield api
    finally:
        api.close()


def answer(status: int, body: object) -> bytes:
    content = json.dumps(body).encode()
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(content), content)


def test_calls_speak_the_engines_version_on_one_connection(
    engine: FakeEngine, tmp_path: Path
) -> None:
    """Calls use the API version in the engine's answer to the ping."""
    engine.answers += [answer(200, {"Name": "n"}), answer(201, {"Id": "0a1b"})]
    with connected(tmp_path) as api:
        assert api.info() == {"Name": "n"}
        assert api.create_container({"Image": "i"}, platform="linux/arm64") == "0a1b"

    assert engine.requests == [
        (1, "GET /_ping", b""),
        (1, "GET /v1.41/info", b""),
        (1, "POST /v1.41/containers/create?platform=linux%2Farm64", b'{"Image": "i"}'),
    ]


def test_any_image_name_reaches_the_engine(engine: FakeEngine, tmp_path: Path) -> None:
    """Any image name reaches the engine, which reports what is wrong with it."""
    engine.answers += [answer(400, {"message": "invalid reference format"})]
    with connected(tmp_path) as api, pytest.raises(ApiError, match="invalid reference format"):
        api.image("me/süß? image:1@x")
    assert engine.requests[-1][1] == "GET /v1.41/images/me/s%C3%BC%C3%9F%3F%20image:1@x/json"


def test_podman_is_detected(engine: FakeEngine, tmp_path: Path) -> None:
    """Podman is detected by its header."""
    engine.answers = [PING.replace(b"Api-Version", b"Libpod-Api-Version: 4.3.1\r\nApi-Version")]
    with connected(tmp_path) as api:
        assert (api.is_podman, api.version) == (True, "1.41")


def test_version_is_requested_if_the_ping_has_none(engine: FakeEngine, tmp_path: Path) -> None:
    """Without a version in the ping, the version is requested."""
    engine.answers = [PING.replace(b"Api-Version", b"X"), answer(200, {"ApiVersion": "1.30"})]
    with connected(tmp_path) as api:
        assert api.version == "1.30"


def test_connection_that_the_engine_has_ended_is_replaced(
    engine: FakeEngine, tmp_path: Path
) -> None:
    """A connection that the engine has closed between two calls is replaced."""
    engine.closes_after = {1}
    engine.answers += [answer(200, {})]
    with connected(tmp_path) as api:
        while not all(each.is_dropped() for each in api._idle):
            pass
        assert api.info() == {}
    assert [number for number, _, _ in engine.requests] == [1, 2]


def test_connection_whose_end_ends_an_answer_is_not_kept(
    engine: FakeEngine, tmp_path: Path
) -> None:
    """An answer without a length, such as a command's output, is the last on its connection.

    The socket of a connection with TLS does not tell.
    """
    engine.closes_after = {3}
    engine.answers += [answer(201, {"Id": "e"}), b"HTTP/1.1 200 OK\r\n\r\noutput"]
    engine.answers += [answer(200, {"ExitCode": 3})]
    with connected(tmp_path) as api:
        execution = api.create_execution("0a1b", ["true"])
        path = f"/exec/{execution}/start"
        assert api._tell("POST", path) == b"output"
        assert api._idle == []
        assert api.execution_status(execution) == 3


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        pytest.param(404, "No such image: python:3.11", ImageMissingError, id="image"),
        pytest.param(404, "No such container: 0a1b", ApiError, id="container"),
        pytest.param(500, "no space left", ApiError, id="failure"),
    ],
)
def test_refusals_have_the_engines_message(
    engine: FakeEngine, tmp_path: Path, status: int, message: str, kind: type[ApiError]
) -> None:
    """A refusal has the engine's message; a missing image has its own error, and the connection is reused."""
    engine.answers += [answer(status, {"message": message}), answer(200, {})]
    with connected(tmp_path) as api:
        with pytest.raises(ApiError) as caught:
            api.create_container({})
        assert api.info() == {}

    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.explanation) == (status, message)
    assert {number for number, _, _ in engine.requests} == {1}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b"oops\n", "oops", id="text"),
        pytest.param(b"[5]", "[5]", id="JSON of another shape"),
        pytest.param(b"", "Bad Gateway", id="nothing"),
    ],
)
def test_refusal_that_is_not_json(
    engine: FakeEngine, tmp_path: Path, body: bytes, words: str
) -> None:
    """A refusal that is not JSON, as from a proxy, has its text as message."""
    engine.answers += [b"HTTP/1.1 502 X\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)]
    with connected(tmp_path) as api, pytest.raises(ApiError) as caught:
        api.info()
    assert caught.value.explanation == words


def test_empty_answer_need_not_be_json(engine: FakeEngine, tmp_path: Path) -> None:
    """An answer that is not JSON, such as Podman's `OK`, is an error only if JSON is expected."""
    ok = PING.replace(b"Api-Version: 1.41\r\n", b"")
    engine.answers += [ok, ok]
    with connected(tmp_path) as api:
        api.connect_container_to_network("0a1b", "net")
        with pytest.raises(ApiError, match="the answer is not JSON: `OK`"):
            api.info()


def test_engine_that_disconnects_during_a_call(engine: FakeEngine, tmp_path: Path) -> None:
    """An engine that disconnects during a call is a connection error."""
    engine.answers += [b""]
    with connected(tmp_path) as api, pytest.raises(ConnectionError):
        api.info()


def test_what_does_not_speak_http(engine: FakeEngine, tmp_path: Path) -> None:
    """An answer that is not HTTP is a protocol error."""
    engine.answers = [b"220 smtp.example\r\n\r\n"]
    with pytest.raises(h11.ProtocolError):
        EngineApi(EngineAddress(url=f"unix://{tmp_path}/engine.sock"))


def test_events_are_read_as_they_arrive(engine: FakeEngine, tmp_path: Path) -> None:
    """Events are read as they arrive, for any chunking of the lines."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces = [b'{"Action": "o', b'om"}\n{"Action": "die"}\n']
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    engine.answers += [head + chunks]
    with connected(tmp_path) as api, api.events("0a1b", ["oom", "die"]) as events:
        assert [next(events)["Action"], next(events)["Action"]] == ["oom", "die"]


@pytest.mark.parametrize("closes_first", [False, True])
def test_closing_ends_a_call_that_waits(
    engine: FakeEngine,
    tmp_path: Path,
    closes_first: bool,  # noqa: FBT001  # a parameter
) -> None:
    """A call that waits for a container ends when the client is closed, before or after the call."""
    engine.answers.append(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")
    errors: list[Exception] = []

    def wait() -> None:
        try:
            api.wait("1")
        except (OSError, h11.ProtocolError) as error:
            errors.append(error)

    with connected(tmp_path) as api:
        if closes_first:
            api.close()
        waiting = Thread(target=wait, daemon=True)
        waiting.start()
        while not closes_first and len(engine.requests) == 1:
            time.sleep(0.001)
        api.close()
        waiting.join(10)
    assert len(errors) == 1


def test_attached_streams_begin_right_after_the_head(engine: FakeEngine, tmp_path: Path) -> None:
    """Bytes that arrive with the head of the response are the container's output."""
    engine.answers += [
        b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst words"
    ]
    with connected(tmp_path) as api:
        streams = api.attach("0a1b")
        assert streams.receive(5) == b"first"
        assert streams.receive(100) == b" words"
        assert streams.receive(100) == b""


def test_refused_attachment(engine: FakeEngine, tmp_path: Path) -> None:
    """A refused attachment is an error with the engine's message."""
    engine.answers += [answer(500, {"message": "no such program"})]
    with connected(tmp_path) as api, pytest.raises(ApiError, match="no such program"):
        api.attach("0a1b")
