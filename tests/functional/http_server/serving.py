"""A server on a real socket, and raw connections to it."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from samlocal.http_server.server import HttpServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from ssl import SSLContext

    from samlocal.http_server.asgi import ASGIApp, Receive, Scope, Send
    from samlocal.http_server.limits import Limits


@asynccontextmanager
async def served(
    app: ASGIApp,
    limits: Limits | None = None,
    *,
    tls: SSLContext | None = None,
    websockets: bool = False,
) -> AsyncIterator[tuple[HttpServer, int]]:
    """Serve an app at a free port, at most 60 seconds."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    async with (
        asyncio.timeout(60),
        HttpServer(
            app, sockets=[listener], limits=limits, tls=tls, websockets=websockets
        ) as server,
    ):
        yield server, listener.getsockname()[1]


async def exchange(port: int, *parts: bytes, ends: bool = False) -> bytes:
    """Send bytes part by part, and return all that comes until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = asyncio.create_task(reader.read())
    for each in parts:
        if not answer.done():
            writer.write(each)
            await asyncio.sleep(0.02)
    if ends:
        writer.write_eof()
    try:
        async with asyncio.timeout(20):
            return await answer
    finally:
        writer.close()


async def read_body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def respond(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


async def echo(_scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body of the request."""
    await respond(send, 200, await read_body(receive))
