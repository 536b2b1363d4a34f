"""httpx calls the APIs of a project: connections that stay open, forms with files, compressed bodies."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.docker.command import CHECKOUT, PATIENCE_SECONDS
from tests.docker.http.api_server import serving_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import docker

    from tests.docker.http.api_server import ApiServer

pytestmark = pytest.mark.xdist_group("httpx")

EVERY_BYTE = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def server(
    engine: docker.APIClient,
    stand_in: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ApiServer]:
    """The project's APIs, for all tests of this module."""
    for image in ("python:3.11", "nodejs:22"):
        stand_in(image)
    project = tmp_path_factory.mktemp("httpx") / "project"
    shutil.copytree(CHECKOUT / "tests/projects/browser-clients", project)
    with serving_project(engine, project) as running:
        yield running


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """A client that keeps connections."""
    with httpx.Client(timeout=PATIENCE_SECONDS) as client:
        yield client


def test_one_connection(server: ApiServer, client: httpx.Client) -> None:
    """Requests of all kinds go through one connection: those of both APIs, errors, bodies and preflights."""
    connections = []

    def trace(event: str, _facts: object) -> None:
        if event == "connection.connect_tcp.complete":
            connections.append(event)

    base = server.urls[0]
    origin = {"Origin": "http://127.0.0.1:8080", "Access-Control-Request-Method": "PUT"}
    sent: list[tuple[str, str, bytes | None, int]] = [
        ("GET", "/echo", None, 200),
        ("POST", "/echo", b"text", 200),
        ("HEAD", "/echo", None, 200),
        ("OPTIONS", "/echo", None, 204),
        ("GET", "/none", None, 404),
        ("PUT", "/silent", b"x" * 100_000, 200),
        ("POST", "/upload", b"no form", 500),
        ("GET", "/echo", None, 200),
    ]
    for method, path, content, status in sent:
        answer = client.request(
            method,
            base + path,
            content=content,
            headers=origin if method == "OPTIONS" else {},
            extensions={"trace": trace},
        )
        assert answer.status_code == status, (method, path, answer.text)
    assert len(connections) == 1


def test_streamed_upload(server: ApiServer, client: httpx.Client) -> None:
    """A body whose length nobody knows ahead arrives whole."""
    parts = (b"part %d " % number for number in range(1000))
    answer = client.post(f"{server.urls[0]}/echo", content=parts)
    assert answer.json()["body"] == "".join(f"part {number} " for number in range(1000))


def test_many_at_once(server: ApiServer, client: httpx.Client) -> None:
    """Answers of parallel requests belong to their requests."""
    texts = [f"number {number}" for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        answers = threads.map(
            lambda text: client.post(f"{server.urls[0]}/echo", content=text), texts
        )
        assert [answer.json()["body"] for answer in answers] == texts


@pytest.mark.parametrize(
    ("api", "path"), [("Shop", "/upload"), ("Rest", "/rest-upload"), ("Upload", "/")]
)
def test_multipart(server: ApiServer, client: httpx.Client, api: str, path: str) -> None:
    """A function gets a form with each byte of its files."""
    files = {"file": ("picture.bin", EVERY_BYTE, "application/octet-stream")}
    answer = client.post(server.url_of(api) + path, data={"name": "müsli"}, files=files)
    assert answer.status_code == 200, answer.text
    parts = answer.json()
    assert parts["name"] == "müsli"
    assert parts["file"] == ["picture.bin", hashlib.sha256(EVERY_BYTE).hexdigest()]


def test_compressed_by_the_function(server: ApiServer, client: httpx.Client) -> None:
    """What a function compresses stays so until the client."""
    answer = client.get(f"{server.url_of('Shop')}/compressed")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) < 200
    assert answer.text == "text " * 1000


def test_compressed_by_the_api(server: ApiServer, client: httpx.Client) -> None:
    """A REST API compresses answers from its limit on, for clients that want it."""
    url = f"{server.url_of('Rest')}/silent"
    answer = client.post(url, content="many " * 100)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.json()["body"] == "many " * 100
    answer = client.post(url, content="many " * 100, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in answer.headers
    assert "Content-Encoding" not in client.post(url).headers


def test_compressed_request(server: ApiServer, client: httpx.Client) -> None:
    """A REST API decompresses bodies, and refuses those that are not what they claim."""
    content = gzip.compress(json.dumps({"a": "ü"}).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    answer = client.post(f"{server.url_of('Rest')}/silent", content=content, headers=headers)
    assert json.loads(answer.json()["body"]) == {"a": "ü"}
    answer = client.post(f"{server.url_of('Rest')}/silent", content=b"plain", headers=headers)
    assert answer.status_code == 415
