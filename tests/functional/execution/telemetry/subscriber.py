"""Programs that receive telemetry, as extensions in a sandbox do: a real HTTP server and plain sockets."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LONGEST_WAIT_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One request; header names are in lower case. `connection` is its client's port."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def events(self) -> list[dict[str, Any]]:
        events = json.loads(self.body)
        assert isinstance(events, list)
        return events


def answer_200(_batch: Batch) -> int:
    return 200


@dataclass
class HttpSubscriber:
    """An HTTP server on this machine; `answer` returns the status for a batch, None to close the connection.

    `batches` has all that arrived, `accepted` those that were answered with success.
    """

    answer: Callable[[Batch], int | None] = answer_200
    port: int = 0
    keeps_connections: bool = True
    batches: list[Batch] = field(default_factory=list)
    accepted: list[Batch] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._arrived = Condition()
        subscriber = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1" if subscriber.keeps_connections else "HTTP/1.0"

            def do_POST(self) -> None:
                subscriber._receive(self)

            do_PUT = do_POST  # noqa: N815  # the server's name

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for batch in self.accepted for event in batch.events]

    @property
    def records(self) -> list[object]:
        """The records of logs."""
        return [each["record"] for each in self.events if not each["type"].startswith("platform")]

    @property
    def types(self) -> list[str]:
        return [each["type"] for each in self.events]

    def wait(self, has_come: Callable[[Self], object]) -> None:
        with self._arrived:
            assert self._arrived.wait_for(lambda: has_come(self), _LONGEST_WAIT_SECONDS)

    def _receive(self, handler: BaseHTTPRequestHandler) -> None:
        batch = Batch(
            method=handler.command,
            path=handler.path,
            headers={name.lower(): value for name, value in handler.headers.items()},
            body=handler.rfile.read(int(handler.headers["Content-Length"])),
            connection=handler.client_address[1],
        )
        with self._arrived:
            self.batches.append(batch)
            self._arrived.notify_all()
        status = self.answer(batch)
        if status is None:
            handler.close_connection = True
            return
        if status < 400:
            with self._arrived:
                self.accepted.append(batch)
                self._arrived.notify_all()
        with suppress(ConnectionError):
            handler.send_response(status)
            handler.send_header("Content-Length", "0")
            handler.end_headers()


class TcpSubscriber:
    """A listening socket; each connection is read to its end, unless it `ignores` what comes."""

    def __init__(self, *, ignores: bool = False) -> None:
        self._ignores = ignores
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections: list[socket.socket] = []
        self._received: list[bytearray] = []
        self._arrived = Condition()
        self._threads = [Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for connection in self.connections:
            connection.close()

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of all connections in their order; an unfinished line does not count."""
        lines = [line for each in self._received for line in bytes(each).split(b"\n")[:-1]]
        return [json.loads(line) for line in lines]

    def wait(self, has_come: Callable[[Self], object]) -> None:
        with self._arrived:
            assert self._arrived.wait_for(lambda: has_come(self), _LONGEST_WAIT_SECONDS)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with self._arrived:
                    self.connections.append(connection)
                    self._arrived.notify_all()
                if not self._ignores:
                    self._received.append(bytearray())
                    args = (connection, self._received[-1])
                    self._threads.append(Thread(target=self._read, args=args))
                    self._threads[-1].start()

    def _read(self, connection: socket.socket, received: bytearray) -> None:
        with suppress(OSError):
            while data := connection.recv(65536):
                with self._arrived:
                    received += data
                    self._arrived.notify_all()


@dataclass
class Gate:
    """Holds the answers of a subscriber until it is opened."""

    opened: Event = field(default_factory=Event)

    def __call__(self, _batch: Batch) -> int:
        self.opened.wait(_LONGEST_WAIT_SECONDS)
        return 200
