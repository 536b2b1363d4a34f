"""An endpoint on a real socket, with functions that are coroutines, and real clients of AWS."""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from samlocal.lambda_api.app import lambda_app
from samlocal.lambda_api.server import EndpointServer
from tests.functional.lambda_api.aws import Aws
from tests.functional.lambda_api.fakes import FakeEvents, FakeFunctions

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Endpoint:
    """A running endpoint, in a loop of its own thread."""

    port: int
    functions: FakeFunctions
    events: FakeEvents
    server: EndpointServer
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

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
        app = lambda_app(functions, events, allowed_hosts=["my-machine"])
        async with EndpointServer(app, sockets=[listener]) as server:
            end = asyncio.Event()
            may_end.append(end)
            loop = asyncio.get_running_loop()
            port = listener.getsockname()[1]
            started.append(Endpoint(port, functions, events, server, loop))
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
