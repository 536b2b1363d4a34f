"""Functions in processes reach clients of their WebSocket API through the APIs of their sandbox, with boto3."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from websocket import WebSocket, create_connection

from samlocal.cloudformation.project import open_project
from samlocal.endpoints import encrypted_path
from samlocal.http_api.app import app_with_connections, http_app
from samlocal.http_api.authorizers.authorizers import RouteAuthorizers
from samlocal.http_api.gateways import Gateways
from samlocal.http_api.sites import Site
from samlocal.http_server.server import HttpServer
from samlocal.http_server.tls import load_tls
from samlocal.preparation.options import FunctionOptions
from samlocal.sandbox.plan import SandboxSettings
from samlocal.serving.function_call import FunctionCall
from tests.functional.http_api.served_apis import serve_project
from tests.functional.http_server.certificates import make_certificate
from tests.functional.http_server.serving import respond, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from samlocal.http_server.asgi import Receive, Scope, Send
    from samlocal.serving.served_project import ServedProject
    from tests.functional.http_server.certificates import Certificate

_SECONDS = 30
_UNKNOWN = "PJqB0fHsqRcCHlw="


class _Client:
    """A client of the API, and what its functions answer."""

    def __init__(self, connected: WebSocket) -> None:
        self._connected = connected

    def close(self) -> None:
        self._connected.shutdown()  # type: ignore[no-untyped-call]  # it has no types

    async def receive(self) -> Any:  # noqa: ANN401
        return await asyncio.to_thread(self._connected.recv)

    async def ask(self, operation: str, **more: object) -> Any:  # noqa: ANN401
        """Return what the function answers that does something with a connection."""
        self._connected.send(json.dumps({"operation": operation, **more}))
        return json.loads(await self.receive())


class _Api:
    """The port of the API, and the project."""

    def __init__(self, port: int, project: ServedProject) -> None:
        self.port = port
        self.project = project

    async def connect(self) -> _Client:
        url = f"ws://localhost:{self.port}/dev"
        return _Client(await asyncio.to_thread(create_connection, url, timeout=_SECONDS))


async def _others(_scope: Scope, _receive: Receive, send: Send) -> None:
    await respond(send, 418, b"")


def _bound(path: Path) -> socket.socket:
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(str(path))
    return bound


@asynccontextmanager
async def _serving(directory: Path, certificate: Certificate | None = None) -> AsyncIterator[_Api]:
    """Serve the project; with a certificate, functions trust it and may use TLS."""
    endpoint = Path("endpoint.sock")
    function = FunctionOptions(
        reads_credentials=False, ca_bundle=certificate.cert.read_bytes() if certificate else None
    )
    sandbox = SandboxSettings(
        kind="process",
        lambda_endpoint=endpoint,
        interpreter=Path(sys.executable),  # it has boto3
    )
    async with serve_project(
        "websocket-connections", directory, function=function, sandbox=sandbox
    ) as apis:
        project = apis._project
        (api,) = open_project(directory / "template.yaml").read_apis().apis
        async with RouteAuthorizers(project, report=apis.said.append) as authorizers:
            gateways = Gateways(project, authorizers, api_keys={}, report=apis.said.append)
            site = Site([(api, gateways.gateway(api))])

            async def current_site() -> Any:  # noqa: ANN401
                return site

            for_functions = app_with_connections(gateways.find_for_connection, _others)
            tls = load_tls(certificate.cert, certificate.key) if certificate else None
            encrypted = [_bound(encrypted_path(endpoint))] if tls else []
            async with (
                HttpServer(for_functions, sockets=[_bound(endpoint)]),
                HttpServer(for_functions, sockets=encrypted, tls=tls),
                served(http_app(current_site, allowed_hosts=()), websockets=True) as (_, port),
            ):
                yield _Api(port, project)
                await gateways.close()
        assert apis.said == []


@pytest.fixture(autouse=True)
def short_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of a socket has to be short."""
    monkeypatch.chdir(tmp_path)


async def test_operations(tmp_path: Path) -> None:
    """A function sends to its client and to another, describes and closes connections, and sees those that are gone."""
    async with _serving(tmp_path / "project") as api:
        with closing(await api.connect()) as ann, closing(await api.connect()) as bob:
            context = await ann.ask("describe")
            assert context["domainName"].startswith("127.0.0.1:")
            assert context["domainName"] != f"127.0.0.1:{api.port}"
            bobs = (await bob.ask("describe"))["connectionId"]
            sent = asyncio.create_task(ann.ask("post_to_connection", id=bobs, text="grüße"))
            assert await bob.receive() == "grüße"
            assert await sent == {"status": 200}
            found = await ann.ask("get_connection", id=bobs)
            assert found["Identity"]["SourceIp"] in {"127.0.0.1", "::1"}
            assert await ann.ask("delete_connection", id=bobs) == {"status": 204}
            assert await bob.receive() == ""  # its end
            for gone in (bobs, _UNKNOWN):
                answer = await ann.ask("post_to_connection", id=gone, text="late")
                assert answer == {"failed": "GoneException"}


@pytest.mark.parametrize(("function", "text"), [("Tells", "told"), ("Notifies", "notified")])
async def test_function_without_an_event_of_the_api(
    tmp_path: Path, function: str, text: str
) -> None:
    """It reaches clients at the endpoint that SDKs read from its environment, and at the URL of the template."""
    async with _serving(tmp_path / "project") as api:
        with closing(await api.connect()) as ann:
            anns = (await ann.ask("describe"))["connectionId"]
            payload = json.dumps({"to": anns}).encode()
            call = FunctionCall(function=function, payload=payload, request_id="r-1")
            assert (await api.project.invoke(call)).outcome == "success"
            assert await ann.receive() == text


async def test_https(tmp_path: Path) -> None:
    """`https://` fails at once."""
    async with _serving(tmp_path / "project") as api:
        with closing(await api.connect()) as ann:
            answer = await ann.ask("get_connection", scheme="https")
            assert answer == {"failed": "SSLError"}


async def test_https_with_a_certificate(tmp_path: Path) -> None:
    """`https://` works where the endpoint has a certificate that the function trusts."""
    async with _serving(tmp_path / "project", make_certificate(tmp_path)) as api:
        with closing(await api.connect()) as ann:
            answer = await ann.ask("get_connection", scheme="https")
            assert answer["status"] == 200
