"""Functions in containers reach clients of their WebSocket API with boto3, as AWS's examples do."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from websocket import WebSocket, create_connection

from tests.docker.command import CHECKOUT, PATIENCE_SECONDS
from tests.docker.http.api_server import serving_project
from tests.functional.http_server.certificates import make_certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import docker

    from tests.docker.http.api_server import ApiServer

pytestmark = pytest.mark.xdist_group("connections")

_UNKNOWN = "PJqB0fHsqRcCHlw="


@pytest.fixture(scope="module", params=["direct", "relay"])
def server(
    request: pytest.FixtureRequest,
    engine: docker.APIClient,
    stand_in: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ApiServer]:
    """The project's API, with either connection of containers to this machine."""
    folder: Path = tmp_path_factory.mktemp("connections")
    stand_in("python:3.11")
    project = _project(folder)
    with serving_project(engine, project, "--api-connection", request.param) as running:
        yield running


def _project(folder: Path) -> Path:
    return shutil.copytree(
        CHECKOUT / "tests" / "projects" / "websocket-connections", folder / "project"
    )


@pytest.fixture
def connect(server: ApiServer) -> Iterator[Callable[[], WebSocket]]:
    """Connects clients; the clients leave after the test."""
    url = server.urls[0].replace("http:", "ws:")
    clients: list[WebSocket] = []

    def connect() -> WebSocket:
        clients.append(create_connection(f"{url}/dev", timeout=PATIENCE_SECONDS))
        return clients[-1]

    yield connect
    for each in clients:
        each.shutdown()  # type: ignore[no-untyped-call]  # it has no types


def _ask(client: WebSocket, operation: str, **more: object) -> Any:  # noqa: ANN401
    """Return what the function answers that does something with a connection."""
    client.send(json.dumps({"operation": operation, **more}))
    return json.loads(client.recv())


def test_operations(connect: Callable[[], WebSocket]) -> None:
    """A function sends to its client and to another, describes and closes connections, and sees those that are gone."""
    ann, bob = connect(), connect()
    bobs = _ask(bob, "describe")["connectionId"]
    ann.send(json.dumps({"operation": "post_to_connection", "text": "me"}))
    assert {ann.recv(), ann.recv()} == {"me", '{"status": 200}'}
    assert _ask(ann, "post_to_connection", id=bobs, text="grüße") == {"status": 200}
    assert bob.recv() == "grüße"
    found = _ask(ann, "get_connection", id=bobs)
    assert found["Identity"]["SourceIp"] == "127.0.0.1"
    assert _ask(ann, "delete_connection", id=bobs) == {"status": 204}
    assert bob.recv() == ""  # its end
    for gone in (bobs, _UNKNOWN):
        assert _ask(ann, "post_to_connection", id=gone, text="late") == {"failed": "GoneException"}


@pytest.mark.parametrize(("function", "text"), [("Tells", "told"), ("Notifies", "notified")])
def test_function_that_another_calls(
    connect: Callable[[], WebSocket], function: str, text: str
) -> None:
    """A function without an event of the API reaches clients at the endpoint of SDKs, and at the URL of the template."""
    ann = connect()
    ann.send(json.dumps({"operation": "tell", "function": function}))
    assert ann.recv() == text


@pytest.mark.parametrize(("function", "text"), [("Tells", "told"), ("Notifies", "notified")])
def test_function_that_is_invoked_beside_the_endpoint(
    server: ApiServer, connect: Callable[[], WebSocket], function: str, text: str
) -> None:
    """`local invoke` finds the endpoint, and its function reaches the endpoint's clients."""
    ann = connect()
    event = {"to": _ask(ann, "describe")["connectionId"]}
    ended = server.samlocal.invoke(function, "-e", "-", stdin=json.dumps(event).encode())
    assert ended.exit_code == 0, ended.stderr
    assert ann.recv() == text


def test_https(server: ApiServer, connect: Callable[[], WebSocket]) -> None:
    """`https://` fails at once, and the terminal says what to change."""
    assert _ask(connect(), "get_connection", scheme="https") == {"failed": "SSLError"}
    server.endpoint.wait_for(
        "Routes has called https:// at .*: use http:// where `SAMLOCAL` is set"
    )


def test_https_with_a_certificate(
    engine: docker.APIClient, stand_in: Callable[[str], str], tmp_path: Path
) -> None:
    """`https://` works where the endpoint has a certificate for the address, which the function trusts."""
    stand_in("python:3.11")
    certificate = make_certificate(tmp_path)
    options = {
        "--ssl-cert-file": certificate.cert,
        "--ssl-key-file": certificate.key,
        "--ca-bundle": certificate.cert,
        "--api-connection": "relay",  # its address is 127.0.0.1
    }
    given = [str(each) for pair in options.items() for each in pair]
    with serving_project(engine, _project(tmp_path), *given) as server:
        url = server.urls[0].replace("https:", "wss:")
        trust = {"ca_certs": str(certificate.cert)}
        client = create_connection(f"{url}/dev", timeout=PATIENCE_SECONDS, sslopt=trust)
        try:
            for scheme in ("https", "http"):
                answer = _ask(client, "get_connection", scheme=scheme)
                assert answer.get("status") == 200, (answer, server.endpoint.shown)
        finally:
            client.shutdown()  # type: ignore[no-untyped-call]  # it has no types
