"""Web functions in containers of their runtimes, for real clients."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import signal
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import websocket

from tests.docker.command import CHECKOUT, DIRECT, Samlocal
from tests.docker.endpoint import Endpoint
from tests.docker.http.api_server import serving_project
from tests.docker.leftovers import leftovers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import docker

    from tests.docker.http.api_server import ApiServer

pytestmark = pytest.mark.xdist_group("api_server")

_PYTHON = """
  Snake:
    Type: AWS::Serverless::WebFunction
    Properties:
      CodeUri: program/
      Runtime: python3.11
      EntryPoint: server.py
      AuthType: ApplicationManaged
  Deaf:
    Type: AWS::Serverless::WebFunction
    Properties:
      CodeUri: program/
      Runtime: nodejs24.x
      EntryPoint: deaf.mjs
      AuthType: ApplicationManaged
"""
_FUNCTION = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Slow:
    Type: AWS::Serverless::Function
    Properties: {Runtime: nodejs24.x, CodeUri: program/, Handler: server.handler, FunctionUrlConfig: {AuthType: NONE}}
"""
_SERVER = """
import http.server, os
host, port = os.environ["AWS_LAMBDA_HTTP_ENDPOINT"].split(":")
os.chdir("/var/task")
http.server.ThreadingHTTPServer((host, int(port)), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


@pytest.fixture(scope="module")
def server(
    engine: docker.APIClient,
    stand_in: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ApiServer]:
    """The project's web functions, for all tests of this module; Ctrl-C leaves no container."""
    for image in ("python:3.11", "nodejs:24"):
        stand_in(image)
    folder = tmp_path_factory.mktemp("web")
    project = shutil.copytree(CHECKOUT / "tests/projects/web-function", folder / "project")
    template = project / "template.yaml"
    template.write_text(template.read_text() + _PYTHON)
    (project / "program/server.py").write_text(_SERVER)
    (project / "program/deaf.mjs").write_text("setInterval(() => {}, 1000);")
    with serving_project(engine, project) as running:
        yield running


def _fetch(
    server: ApiServer,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    *,
    of: str = "Site",
) -> tuple[int, bytes]:
    address = urlsplit(server.url_of(of))
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_request(server: ApiServer) -> None:
    """A program in a container gets requests, and AWS's address to listen on."""
    status, body = _fetch(server, "/items?q=1", "POST", b"some text")
    answer = json.loads(body)
    assert (status, answer["method"], answer["body"]) == (200, "POST", "some text")
    variables = answer["environment"]
    assert variables["AWS_LAMBDA_HTTP_ENDPOINT"] == "0.0.0.0:3000"
    assert variables["AWS_LAMBDA_INITIALIZATION_TYPE"] == "native-http"
    assert variables["COLOUR"] == "blue"
    server.endpoint.wait_for(r"Site \| POST /items\?q=1\n")


def test_python(server: ApiServer) -> None:
    """Other interpreters run programs too, which is said to be of this machine only."""
    status, body = _fetch(server, "/server.py", of="Snake")
    assert (status, body.decode()) == (200, _SERVER)
    server.endpoint.wait_for("AWS does not run web functions on `python3.11`")


def test_stream(server: ApiServer) -> None:
    """Parts of a response reach the client as the program writes them."""
    address = urlsplit(server.url_of("Site"))
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
    connection.request("GET", "/stream")
    response = connection.getresponse()
    for number in range(3):
        assert response.readline() == f"part {number}\n".encode()
        assert _fetch(server, "/next")[0] == 200  # the program writes no more before
    assert response.read() == b""
    connection.close()


def test_websocket(server: ApiServer) -> None:
    """WebSockets are passed through to the program in its container."""
    url = server.url_of("Site").replace("http", "ws", 1)
    client = websocket.create_connection(f"{url}/chat", timeout=60, subprotocols=["chat"])
    client.send("grüße")
    assert client.recv() == "grüße"
    client.close()
    client.shutdown()  # type: ignore[no-untyped-call]


def test_crash(server: ApiServer) -> None:
    """A program that ends is a 502, and starts again with the next request."""
    assert _fetch(server, "/exit")[0] == 502
    assert json.loads(_fetch(server, "/")[1])["requests"] == 1
    server.endpoint.wait_for("the program exited with status 3")


def test_not_listening(server: ApiServer) -> None:
    """A program that does not listen in time is a 504, and the terminal names the address."""
    assert _fetch(server, "/", of="Deaf") == (504, b"Gateway Timeout")
    server.endpoint.wait_for(r"the program does not listen at `0\.0\.0\.0:3000` after 10 seconds")


def test_host_network(
    engine: docker.APIClient, stand_in: Callable[[str], str], tmp_path: Path
) -> None:
    """In the network of the machine, a program gets a free port of loopback."""
    stand_in("nodejs:24")
    project = shutil.copytree(CHECKOUT / "tests/projects/web-function", tmp_path / "project")
    options = ("--docker-network", "host", "--warm-containers", "EAGER")
    with serving_project(engine, project, *options) as running:
        running.endpoint.wait_for("Environments are initialized")
        running.endpoint.wait_for("listening")
        variables = json.loads(_fetch(running, "/")[1])["environment"]
    assert variables["AWS_LAMBDA_HTTP_ENDPOINT"].startswith("127.0.0.1:")


def test_relay(engine: docker.APIClient, stand_in: Callable[[str], str], tmp_path: Path) -> None:
    """A program behind a relay, as on an engine of another machine, is reached through it."""
    stand_in("nodejs:24")
    project = shutil.copytree(CHECKOUT / "tests/projects/web-function", tmp_path / "project")
    with serving_project(engine, project, "--api-connection", "relay") as running:
        assert _fetch(running, "/")[0] == 200
        url = running.url_of("Site").replace("http", "ws", 1)
        client = websocket.create_connection(f"{url}/chat", timeout=60, subprotocols=["chat"])
        client.send("hello")
        assert client.recv() == "hello"
        client.close()
        client.shutdown()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("signals", [1, 2])
def test_interrupted_start(
    engine: docker.APIClient,
    stand_in: Callable[[str], str],
    tmp_path: Path,
    runtime_folder: Path,
    signals: int,
) -> None:
    """Ctrl-C while a program starts leaves no container, and a second one does not wait."""
    stand_in("nodejs:24")
    project = shutil.copytree(CHECKOUT / "tests/projects/web-function", tmp_path / "project")
    (project / "program/server.mjs").write_text(
        "console.log('started'); setInterval(() => {}, 1000);"
    )
    own = {"SAMLOCAL_IMAGE_REPOSITORY": "localhost/samlocal", "HOME": str(tmp_path)}
    environment = own | DIRECT | {"XDG_RUNTIME_DIR": str(runtime_folder)}
    samlocal = Samlocal(directory=project, environment=environment)
    process = samlocal.start("local", "start-api", "-p", "0", "--no-credentials")
    endpoint = Endpoint(process, project)
    try:
        endpoint.wait_for(r"\(Ctrl-C ends it\)")
        found = re.search(r"http://127\.0\.0\.1:\d+", endpoint.shown)
        assert found
        with socket.create_connection(("127.0.0.1", urlsplit(found[0]).port or 0)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            endpoint.wait_for("started")
            if signals == 2:
                process.send_signal(signal.SIGINT)
                endpoint.wait_for("Waiting for a running request")
            assert endpoint.end(signal.SIGINT) == (0 if signals == 1 else 130), endpoint.shown
        assert "Warning" not in endpoint.shown
    finally:
        endpoint.close()
    assert not leftovers(engine, project)


@pytest.mark.parametrize("kind", ["web function", "function"])
def test_interrupted_warm_up(engine: docker.APIClient, tmp_path: Path, kind: str) -> None:
    """Ctrl-C while programs and environments start ahead of requests says nothing about them."""
    project = shutil.copytree(CHECKOUT / "tests/projects/web-function", tmp_path / "project")
    slow = "console.log('started'); setInterval(() => {}, 1000); await new Promise(() => {});"
    (project / "program/server.mjs").write_text(slow)
    if kind == "function":
        (project / "template.yaml").write_text(_FUNCTION)
    options = ("--sandbox", "process", "--warm-containers", "EAGER")
    with serving_project(engine, project, *options) as running:
        running.endpoint.wait_for("started")
    assert "cannot run" not in running.endpoint.shown
    assert "Environments are initialized" not in running.endpoint.shown
