"""APIs of a project with real functions, for real clients."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

import boto3  # type: ignore[import-untyped]
import pytest
import websocket

from tests.docker.command import CHECKOUT, PATIENCE_SECONDS
from tests.docker.http.api_server import serving_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import docker

    from tests.docker.http.api_server import ApiServer

pytestmark = pytest.mark.xdist_group("api_server")

INTERNAL_1 = b'{"message": "Internal server error"}'
INTERNAL_2 = b'{"message":"Internal Server Error"}'
PNG = b"\x89PNG\r\n\x1a\n\x00\xff"


@pytest.fixture(scope="module")
def server(
    engine: docker.APIClient,
    stand_in: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ApiServer]:
    """The project's APIs, for all tests of this module; it leaves no container."""
    folder = tmp_path_factory.mktemp("apis")
    for image in ("python:3.11", "nodejs:22"):
        stand_in(image)
    project = shutil.copytree(CHECKOUT / "tests/projects/start-api", folder / "project")
    with serving_project(engine, project) as running:
        yield running


def curl(server: ApiServer, path: str, *options: str, site: int = 0) -> tuple[str, bytes]:
    """Return head and body of what curl gets."""
    command = ["curl", "-sS", "-i", "--max-time", "60", *options, server.urls[site] + path]
    ended = subprocess.run(command, capture_output=True, check=True)
    head, _, body = ended.stdout.partition(b"\r\n\r\n")
    return head.decode(), body


def test_table_of_routes(server: ApiServer) -> None:
    """A table tells method, URL, function and API of each route."""
    shown = server.endpoint.shown
    rest, stream = server.urls
    assert f"ANY      {rest}/rest/{{proxy+}}" in shown
    assert f"{stream}/" in shown


def test_rest_event(server: ApiServer) -> None:
    """A function of a REST API gets the event of payload 1.0, with names of headers as curl wrote them."""
    head, body = curl(server, "/rest/a%2Fb/c/?x=1&x=2", "-H", "X-MiNe: 1", "-H", "X-MiNe: 2")
    event = json.loads(body)
    assert head.startswith("HTTP/1.1 200")
    assert event["path"] == "/rest/a%2Fb/c/"
    assert event["requestContext"]["path"] == "/dev/rest/a%2Fb/c/"
    assert event["pathParameters"] == {"proxy": "a%2Fb/c"}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
    assert event["multiValueHeaders"]["X-MiNe"] == ["1", "2"]
    assert event["stageVariables"] == {"color": "blue"}


def test_stage_in_the_path(server: ApiServer) -> None:
    """The stage may lead the path, as in AWS."""
    _, body = curl(server, "/dev/rest/x")
    assert json.loads(body)["path"] == "/rest/x"


def test_binary_request(server: ApiServer) -> None:
    """A body of a binary media type is base64 in the event."""
    options = ("-H", "Content-Type: image/png", "--data-binary", "@-")
    command = ["curl", "-sS", *options, f"{server.urls[0]}/rest/image"]
    ended = subprocess.run(command, input=PNG, capture_output=True, check=True)
    event = json.loads(ended.stdout)
    assert (event["body"], event["isBase64Encoded"]) == ("iVBORw0KGgoA/w==", True)


@pytest.mark.parametrize(
    ("path", "asked", "status", "body"),
    [
        ("/answer", {"answer": {"statusCode": 201, "body": "made"}}, 201, b"made"),
        ("/answer", {"answer": "text"}, 502, INTERNAL_1),
        ("/answer", {"raise": "no"}, 502, INTERNAL_1),
        ("/answer-2", {"answer": {"a": 1}}, 200, b'{"a": 1}'),
        ("/answer-2", {"answer": {"statusCode": 200, "body": {}}}, 500, INTERNAL_2),
        ("/answer-2", {"raise": "no"}, 500, INTERNAL_2),
    ],
)
def test_results(server: ApiServer, path: str, asked: object, status: int, body: bytes) -> None:
    """Results of each shape have the service's own status and body."""
    head, got = curl(server, path, "-d", json.dumps(asked), "-H", "Content-Type: application/json")
    assert head.startswith(f"HTTP/1.1 {status}"), head
    assert got == body


def test_unknown_route(server: ApiServer) -> None:
    """The first API of the port answers for paths that no route has."""
    head, body = curl(server, "/none")
    assert head.startswith("HTTP/1.1 403")
    assert json.loads(body) == {"message": "Missing Authentication Token"}


def test_authorizer(server: ApiServer) -> None:
    """A function lets requests in, keeps them out, and is not asked without its identity source."""
    assert curl(server, "/guarded")[0].startswith("HTTP/1.1 401")
    assert curl(server, "/guarded", "-H", "X-Pass: shut")[0].startswith("HTTP/1.1 403")
    head, body = curl(server, "/guarded", "-H", "X-Pass: open")
    assert head.startswith("HTTP/1.1 200")
    assert json.loads(body)["requestContext"]["authorizer"] == {"lambda": {"number": 7}}


def test_preflights(server: ApiServer) -> None:
    """A REST API answers preflights of its routes as configured, an HTTP API those of any path."""
    origin, method = "Origin: https://app.example", "Access-Control-Request-Method: PUT"
    asked = ("-X", "OPTIONS", "-H", origin, "-H", method)
    head, _ = curl(server, "/rest/x", *asked)
    assert "access-control-allow-origin: https://app.example" in head.lower()
    head, _ = curl(server, "/http/7", *asked)
    assert head.startswith("HTTP/1.1 204")
    assert "access-control-allow-origin: *" in head.lower()


def test_stream(server: ApiServer) -> None:
    """Chunks arrive as the function writes them, after status, headers and cookies."""
    command = ["curl", "-sSN", "-D", "-", f"{server.urls[1]}/"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        head = b""
        while b"one" not in head:
            head += os.read(process.stdout.fileno(), 4096)
        first = time.monotonic()
        rest = process.stdout.read()
    assert head.startswith(b"HTTP/1.1 207")
    assert b"set-cookie: a=b" in head.lower()
    assert (head + rest).endswith(b"three")
    assert time.monotonic() - first > 0.3


def test_large_upload_is_refused_unread(server: ApiServer, tmp_path: Path) -> None:
    """A body of 1 GB gets its answer before it is sent, also without `Expect: 100-continue`."""
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 30)
    for options in ((), ("-H", "Expect:")):
        command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_upload}", *options]
        command += ["-T", file.name, f"{server.urls[0]}/rest/x"]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        status, sent = ended.stdout.split()
        assert status == "413", ended
        assert int(sent) < 100_000_000


def test_websocket(server: ApiServer) -> None:
    """A WebSocket client gets what the function answers, and what is posted to its connection."""
    url = server.urls[0].replace("http:", "ws:")
    client = websocket.create_connection(f"{url}/live", timeout=PATIENCE_SECONDS)
    try:
        client.send('{"action": "say"}')
        assert json.loads(client.recv()) == {"heard": '{"action": "say"}'}
    finally:
        client.close()


def management(server: ApiServer) -> Any:  # noqa: ANN401  # boto3 has no types
    """Return boto3's client of the management API."""
    return boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=f"{server.urls[0]}/live",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",  # made up
    )


def test_gone_connection(server: ApiServer) -> None:
    """boto3 sees that a connection does not exist."""
    client = management(server)
    with pytest.raises(client.exceptions.GoneException):
        client.post_to_connection(ConnectionId="L0SM9cOFvHcCIhw=", Data=b"hello")
