"""An endpoint on a real socket, with functions that are coroutines, and real clients of AWS."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from samlocal.http_server.server import HttpServer
from samlocal.lambda_api.app import lambda_app
from tests.functional.lambda_api.aws import Aws
from tests.functional.lambda_api.fakes import FakeEvents, FakeFunctions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from samlocal.diagnostics import Diagnostic


@dataclass
class Endpoint:
    """A running endpoint, in a loop of its own thread."""

    port: int
    functions: FakeFunctions
    events: FakeEvents
    server: HttpServer
    loop: asyncio.AbstractEventLoop
    reported: list[Diagnostic]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def request(
        self, name: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Invoke a function; return status, headers by name in lower case, and body."""
        path = f"/2015-03-31/functions/{quote(name, safe='')}/invocations"
        return self.send("POST", path, headers, body)

    def send(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return (
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read(),
            )

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so in the loop of the endpoint."""

        async def wait() -> None:
            async with asyncio.timeout(30):
                while not condition():  # noqa: ASYNC110  # what a test looks at tells nobody of changes
                    await asyncio.sleep(0.01)

        asyncio.run_coroutine_threadsafe(wait(), self.loop).result(40)

    def settle(self) -> None:
        """Wait until no request runs."""
        self.wait_until(lambda: not self.server.running)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    started: list[Endpoint] = []
    is_ready = threading.Event()
    may_end: list[asyncio.Event] = []

    async def serve() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        functions, events = FakeFunctions(), FakeEvents()
        reported: list[Diagnostic] = []
        app = lambda_app(functions, events, allowed_hosts=["my-machine"], report=reported.append)
        async with HttpServer(app, sockets=[listener]) as server:
            end = asyncio.Event()
            may_end.append(end)
            loop = asyncio.get_running_loop()
            port = listener.getsockname()[1]
            started.append(Endpoint(port, functions, events, server, loop, reported))
            is_ready.set()
            await end.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert is_ready.wait(20)
    yield started[0]
    started[0].loop.call_soon_threadsafe(may_end[0].set)
    thread.join(20)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def aws(endpoint: Endpoint) -> Iterator[Aws]:
    with Aws(endpoint.url) as client:
        yield client
