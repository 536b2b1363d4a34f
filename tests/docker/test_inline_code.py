"""Inline functions answer CloudFormation with the module that CloudFormation provides."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from tests.docker.command import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.docker.command import Samlocal
    from tests.docker.fixtures import SamlocalIn

RESPONSE = {
    "Status": "SUCCESS",
    "Reason": "well",
    "PhysicalResourceId": "tea",
    "StackId": "stack",
    "RequestId": "request",
    "LogicalResourceId": "Tea",
    "NoEcho": False,
    "Data": {"Tea": "Assam 茶"},
}


class Responses(ThreadingHTTPServer):
    """The server behind a presigned URL, which records the uploads."""

    def __init__(self, address: str) -> None:
        super().__init__((address, 0), Put)
        self.received: list[tuple[str, str | None, object]] = []


class Put(BaseHTTPRequestHandler):
    server: Responses

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def serve(address: str) -> Iterator[Responses]:
    with Responses(address) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn) -> Samlocal:
    """The command in a copy of the project."""
    project = CHECKOUT / "tests" / "projects" / "inline-responses"
    return samlocal_in(project, "python:3.11", "nodejs:20", "nodejs:22", "nodejs:24")


def event(url: str) -> bytes:
    request = {"StackId": "stack", "RequestId": "request", "LogicalResourceId": "Tea"}
    return json.dumps(request | {"ResponseURL": url}).encode()


@pytest.mark.parametrize(
    ("function", "options", "result"),
    [
        pytest.param("OnPython", (), b'"sent"', id="Python"),
        # `context.done` ends the invocation before the handler returns.
        pytest.param("OnNode", (), b"null", id="Node.js"),
        pytest.param("OnNode", ("-r", "nodejs24.x"), b'"sent"', id="Node.js without done"),
        pytest.param("OnNodeWithCallback", (), b"null", id="Node.js with callbacks"),
        pytest.param("OnNodeAsModule", (), b'"sent"', id="Node.js, ECMAScript module"),
    ],
)
def test_inline_code_answers_cloudformation(
    samlocal: Samlocal, gateway: str, function: str, options: tuple[str, ...], result: bytes
) -> None:
    """`send` puts the response to the URL of the event, as S3 takes it."""
    with serve(gateway) as server:
        url = f"http://me:{server.server_port}/response?Signature=a%2Fb"
        options = ("--add-host", "me:host-gateway", "-e", "-", *options)
        ended = samlocal.invoke(function, *options, stdin=event(url))

    assert (ended.exit_code, ended.stdout) == (0, result), ended.stderr
    assert server.received == [("/response?Signature=a%2Fb", "", RESPONSE)]
    assert "sent, and answered with 200 OK" in ended.stderr


@pytest.mark.parametrize(("function", "exit_code"), [("OnPython", 0), ("OnNode", 3)])
def test_a_failed_answer_is_logged(samlocal: Samlocal, function: str, exit_code: int) -> None:
    """A failed answer to the URL is logged, and in Python the function goes on, as on AWS."""
    ended = samlocal.invoke(function, "-e", "-", stdin=event("http://127.0.0.1:1/"))

    assert ended.exit_code == exit_code, ended.stderr
    assert '"PhysicalResourceId"' in ended.stderr
    assert "not sent: " in ended.stderr
