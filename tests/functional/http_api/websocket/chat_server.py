"""A WebSocket API on a real socket, with functions that are coroutines and call back through boto3."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from typing import TYPE_CHECKING, Any, Self

import boto3  # type: ignore[import-untyped]  # boto3 has no types
from botocore.config import Config  # type: ignore[import-untyped]  # nor has botocore
from websocket import WebSocket, create_connection

from samlocal.http_api.app import http_app
from samlocal.http_api.sites import Site
from samlocal.http_server.server import HttpServer
from tests.unit.http_api.websocket.fakes import API, World

if TYPE_CHECKING:
    from samlocal.http_api.exchange import Gateway

_SECONDS = 20


class ChatServer:
    """Serves a gateway within a `with` block, in a loop of its own thread."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        site: Site[Gateway] = Site([(API, world.gateway)])

        async def current_site() -> Site[Gateway]:
            return site

        self._app = http_app(current_site, allowed_hosts=())
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve)
        self._is_ready = threading.Event()
        self._end = asyncio.Event()

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._run())

    async def _run(self) -> None:
        async with HttpServer(self._app, sockets=[self._socket], websockets=True) as server:
            self._is_ready.set()
            await self._end.wait()
            await server.stop(5)
            await self.world.gateway.close()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._is_ready.wait(_SECONDS)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(_SECONDS)
        assert not self._thread.is_alive()

    def close(self) -> None:
        """End the API as an endpoint does."""
        asyncio.run_coroutine_threadsafe(self.world.gateway.close(), self._loop).result(_SECONDS)

    def connect(self, target: str = "/dev", **options: Any) -> WebSocket:  # noqa: ANN401
        """Return a client, which closes its socket at the end of a `with closing` block."""
        return create_connection(f"ws://{self.address}{target}", timeout=_SECONDS, **options)

    def contexts(self, event_type: str) -> list[dict[str, Any]]:
        """Return the contexts of the events of a type."""
        contexts = (event["requestContext"] for event in self.world.functions.events)
        return [each for each in contexts if each["eventType"] == event_type]


class Connections:
    """boto3's client of `@connections` at the address that an event names."""

    def __init__(self, context: dict[str, Any], *, stage: str | None = None) -> None:
        stage = context["stage"] if stage is None else stage
        self._client: Any = boto3.client(
            "apigatewaymanagementapi",
            endpoint_url=f"http://{context['domainName']}/{stage}",
            region_name="eu-west-1",
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="secret",
            config=Config(
                retries={"total_max_attempts": 1}, connect_timeout=_SECONDS, read_timeout=_SECONDS
            ),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._client.close()

    def call(self, operation: str, connection_id: str, **request: object) -> dict[str, Any]:
        """Return the answer to an operation, with its status."""
        answer: dict[str, Any] = getattr(self._client, operation)(
            ConnectionId=connection_id, **request
        )
        answer["status"] = answer.pop("ResponseMetadata")["HTTPStatusCode"]
        return answer


async def post(event: dict[str, Any], connection_id: str, content: object) -> None:
    """Send a message to a client as functions do."""

    def send() -> None:
        with Connections(event["requestContext"]) as connections:
            data = json.dumps(content).encode()
            connections.call("post_to_connection", connection_id, Data=data)

    await asyncio.to_thread(send)
