"""A client of the served APIs, as a runtime and an extension are."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from samlocal.runtime_api.delivery import Delivery
from samlocal.runtime_api.http_server import Server
from tests.functional.execution.fakes import invocation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from samlocal.invocation import ResponseSink
    from samlocal.runtime_api.apis import SandboxApis
    from samlocal.runtime_api.endpoint_connection import Endpoint
    from samlocal.runtime_api.exchange import Exchange
    from samlocal.runtime_api.http_messages import Handler
    from samlocal.runtime_api.runtime_routes import Runtime

API = "/2018-06-01"
DEADLINE_MS = 1_700_000_000_000


async def _accept_all(_host: str, _port: int) -> bool:
    return True


@asynccontextmanager
async def served(handler: Handler, endpoint: Endpoint | None = None) -> AsyncIterator[int]:
    """The port of a server with this handler."""
    listener = socket.create_server(("127.0.0.1", 0))
    async with Server(listener, handler, accepts_peer=_accept_all, endpoint=endpoint):
        yield listener.getsockname()[1]


async def exchange(port: int, *pieces: bytes) -> bytes:
    """Send bytes as they are; return all that comes back until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"".join(pieces))  # `writelines` of Python 3.12 never ends with an empty piece
    received = await reader.read()
    writer.close()
    await writer.wait_closed()
    return received


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A response of the Runtime API; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Api:
    """The served APIs of a sandbox, and their client."""

    apis: SandboxApis
    port: int

    @property
    def runtime(self) -> Runtime:
        return self.apis.runtime

    async def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        return await asyncio.to_thread(self._call, method, path, body, headers or {})

    async def raw(self, *pieces: bytes) -> bytes:
        return await exchange(self.port, *pieces)

    async def hang_up_after(self, *pieces: bytes) -> None:
        """Send bytes as they are, and close the connection."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"".join(pieces))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    def deliver(
        self, request_id: str = "id-1", payload: bytes = b"{}", *, sink: ResponseSink | None = None
    ) -> Exchange:
        return self.runtime.deliver(
            invocation(payload, request_id=request_id),
            deadline_ms=DEADLINE_MS,
            response=Delivery(sink),
        )

    async def fetch(
        self, request_id: str = "id-1", *, sink: ResponseSink | None = None
    ) -> Exchange:
        """Deliver an invocation, and take it as the runtime."""
        exchange = self.deliver(request_id, sink=sink)
        assert (await self.call("GET", f"{API}/runtime/invocation/next")).status == 200
        return exchange

    def _call(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body=body, headers=dict(headers))
            response = connection.getresponse()
            return Reply(
                status=response.status,
                headers={name.lower(): value for name, value in response.getheaders()},
                body=response.read(),
            )
        finally:
            connection.close()
