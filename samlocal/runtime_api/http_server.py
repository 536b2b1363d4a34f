"""An HTTP/1.1 server for one sandbox."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Self

from samlocal.runtime_api.http_connection import Connection

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    from samlocal.runtime_api.endpoint_connection import Endpoint
    from samlocal.runtime_api.http_messages import Handler

# From accepting a client to `connection_made`, in iterations of the loop.
_STEPS_TO_CONNECT: Final = 3


class Server:
    """Serves a listening socket until closed, only to peers (host, port) that `accepts_peer` accepts.

    A handler reads what it needs of a request before it returns. The rest is discarded, and so is the body of a
    GET before its handler is called. Requests for the paths of `endpoint` go there, and not to the handler.
    """

    def __init__(
        self,
        listener: socket.socket,
        handler: Handler,
        *,
        accepts_peer: Callable[[str, int], Awaitable[bool]],
        endpoint: Endpoint | None = None,
    ) -> None:
        self._listener = listener
        self._handler = handler
        self._accepts_peer = accepts_peer
        self._endpoint = endpoint
        self._connections: set[Connection] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connect, sock=self._listener)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        # A client that was just accepted must become a connection before the server is closed. Otherwise
        # asyncio does not close its socket.
        asyncio.get_running_loop().remove_reader(self._listener)
        await _finish_connecting()
        self._server.close()
        await self._abort_connections()

    async def forget_clients(self) -> None:
        """Abort all connections, also those that were made just before: their clients have ended."""
        await _finish_connecting()
        await self._abort_connections()

    async def _abort_connections(self) -> None:
        await asyncio.gather(*(connection.abort() for connection in self._connections))

    def _connect(self) -> Connection:
        return Connection(self._handler, self._accepts_peer, self._connections, self._endpoint)


async def _finish_connecting() -> None:
    """Let each client that has connected become a connection."""
    for _ in range(_STEPS_TO_CONNECT):
        await asyncio.sleep(0)
