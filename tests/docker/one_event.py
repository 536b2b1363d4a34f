"""A minimal Runtime API with one event, which records the runtime's answer.

It is not samlocal's own, so that a fault there cannot hide one in an image.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import Future
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from threading import Event, Thread
from typing import TYPE_CHECKING

from tests.docker.early_server import EarlyServer

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:Sample"


class OneEvent(EarlyServer):
    """Serves one event; `answer` is the last part of the path it was answered at, and the body."""

    def __init__(self, host: str, event: object) -> None:
        super().__init__((host, 0), _Handler)
        self.event: bytes | None = json.dumps(event).encode()
        self.answer: Future[tuple[str, object]] = Future()
        self.over = Event()

    @property
    def address(self) -> str:
        return f"{self.server_address[0]!s}:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: OneEvent

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        event, self.server.event = self.server.event, None
        if event is None:
            self.server.over.wait()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(event)))
        self.send_header("Content-Type", "application/json")
        self.send_header("Lambda-Runtime-Aws-Request-Id", REQUEST_ID)
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 10_000))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", FUNCTION_ARN)
        self.send_header("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700")
        self.end_headers()
        self.wfile.write(event)

    def do_POST(self) -> None:
        body = b"".join(self._chunks())
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.answer.set_result((self.path.rpartition("/")[2], json.loads(body)))

    def _chunks(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding") != "chunked":
            yield self.rfile.read(int(self.headers["Content-Length"]))
            return
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()


@contextmanager
def serve(host: str, event: object) -> Iterator[OneEvent]:
    """The API with that event, listening on a free port of `host` as long as the block lasts."""
    with OneEvent(host, event) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
