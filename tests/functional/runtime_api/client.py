"""A client of a served Runtime API, as a runtime is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from samlocal.invocation import Invocation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.runtime_api.runtime import Exchange, RuntimeApi

API = "/2018-06-01"
DEADLINE_MS = 1_700_000_000_000


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A response of the Runtime API; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Api:
    """A served Runtime API, and its client."""

    runtime: RuntimeApi
    port: int

    async def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        return await asyncio.to_thread(self._call, method, path, body, headers or {})

    async def raw(self, *pieces: bytes) -> bytes:
        """Send bytes as they are; return all that comes back until the server hangs up."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.writelines(pieces)
        received = await reader.read()
        writer.close()
        await writer.wait_closed()
        return received

    async def hang_up_after(self, *pieces: bytes) -> None:
        """Send bytes as they are, and close the connection."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.writelines(pieces)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    def deliver(self, request_id: str = "id-1", payload: bytes = b"{}") -> Exchange:
        return self.runtime.deliver(invocation(request_id, payload), deadline_ms=DEADLINE_MS)

    async def fetch(self, request_id: str = "id-1") -> Exchange:
        """Deliver an invocation, and take it as the runtime."""
        exchange = self.deliver(request_id)
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


def invocation(request_id: str = "id-1", payload: bytes = b"{}") -> Invocation:
    return Invocation(
        request_id=request_id,
        payload=payload,
        function_arn="arn:aws:lambda:us-east-1:123456789012:function:Ratings",
        trace_id="Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
    )
