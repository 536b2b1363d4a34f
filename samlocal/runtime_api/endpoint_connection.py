"""Carries a request for Lambda's API, or for `@connections`, from a sandbox to the endpoint that serves it, byte for byte.

So functions call their neighbours, and clients of WebSocket APIs, at the address that they can reach on any engine: that
of their Runtime API.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast

from samlocal.frozen_dataclass import frozen
from samlocal.runtime_api.responses import lambda_api_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from samlocal.runtime_api.http_messages import Request, Response

# For a client that still sends when it has its answer: a connection that is closed then is reset, and the
# client may lose the answer.
_LINGER_SECONDS: Final = 5.0
# The endpoint accepts a burst of connections within milliseconds.
_CONNECT_SECONDS: Final = 10.0
_CONNECT_PAUSE_SECONDS: Final = 0.01

_CHUNK_BYTES: Final = 256 * 1024

_ERROR: Final = lambda_api_error(
    500,
    "ServiceException",
    "The endpoint of Lambda's API has ended. Start `samlocal local start-lambda` again.",
)
_UNAVAILABLE: Final = replace(_ERROR, headers={**_ERROR.headers, "Connection": "close"})


def _note_nothing() -> None: ...


@frozen
class Endpoint:
    """The endpoint at a Unix socket; it gets the requests whose path `has_path` accepts.

    It may have another socket for TLS: see `encrypted_path`. `note_encryption` is called for a client that begins with
    TLS where there is none.
    """

    socket: Path
    has_path: Callable[[str], bool]
    note_encryption: Callable[[], None] = _note_nothing

    async def carry(
        self,
        client: asyncio.Transport,
        received: bytes,
        *,
        lost: Callable[[Exception | None], None],
    ) -> None:
        """Connect a client that has sent `received`, the start of its request, to the endpoint.

        Both get what the other sends, no faster than they read it, until the end of the endpoint's answer. The
        endpoint closes the connection then, so that the client's next request has a connection of its own:
        it may be for the Runtime API, because some clients share their connections. `lost` is called when the
        client is gone, and must cancel the call.

        Raises:
            OSError: The endpoint cannot be reached; the client is as before.
        """
        with await _connect(str(self.socket)) as endpoint:
            await _join(
                endpoint, client, _with_close(received), lost, unanswered=_serialised(_UNAVAILABLE)
            )

    async def carry_encrypted(
        self,
        client: asyncio.Transport,
        received: bytes,
        *,
        lost: Callable[[Exception | None], None],
    ) -> None:
        """Connect a client that has begun with TLS, as long as either of both wants.

        Raises:
            OSError: The endpoint has no TLS, or cannot be reached; the client is as before.
        """
        from samlocal.endpoints import encrypted_path  # noqa: PLC0415  # few clients use TLS

        with await _connect(str(encrypted_path(self.socket))) as endpoint:
            await _join(endpoint, client, received, lost, unanswered=b"")

    async def refuse(self, _request: Request) -> Response:
        """Return what the client of an endpoint gets that cannot be reached."""
        return _UNAVAILABLE


class _ClientProtocol(asyncio.StreamReaderProtocol):
    """Tells that the client is gone, also while nothing is read or written."""

    def __init__(
        self, reader: asyncio.StreamReader, lost: Callable[[Exception | None], None]
    ) -> None:
        super().__init__(reader)
        self._lost = lost

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._lost(exc)


async def _join(
    endpoint: socket.socket,
    client: asyncio.Transport,
    received: bytes,
    lost: Callable[[Exception | None], None],
    *,
    unanswered: bytes,
) -> None:
    """Give both what the other sends, the endpoint first what was `received`; the client gets `unanswered` for nothing."""
    reader, writer = _streams(client, lost)
    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(_send(endpoint, received, reader))
        await _answer(endpoint, writer, unanswered)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                await asyncio.shield(sending)
        sending.cancel()
    writer.close()


def _streams(
    client: asyncio.Transport, lost: Callable[[Exception | None], None]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_CHUNK_BYTES, loop=loop)
    protocol = _ClientProtocol(reader, lost)
    client.set_protocol(protocol)
    protocol.connection_made(client)
    client.resume_reading()
    return reader, asyncio.StreamWriter(client, protocol, reader, loop)


async def _send(endpoint: socket.socket, received: bytes, client: asyncio.StreamReader) -> None:
    """Send the endpoint what the client sends, and discard it when the endpoint reads no more."""
    loop = asyncio.get_running_loop()
    with suppress(ConnectionError):  # of the client
        try:
            await loop.sock_sendall(endpoint, received)
            while chunk := await client.read(_CHUNK_BYTES):
                await loop.sock_sendall(endpoint, chunk)
            endpoint.shutdown(socket.SHUT_WR)
        except OSError:
            while await client.read(_CHUNK_BYTES):
                pass


async def _answer(endpoint: socket.socket, client: asyncio.StreamWriter, unanswered: bytes) -> None:
    """Send the client the endpoint's answer, or an error if there is none.

    An answer that breaks off ends like any other, since a reset can also follow a complete one: the client
    finds out by the answer's length.
    """
    loop = asyncio.get_running_loop()
    is_answered = False
    with suppress(ConnectionError):
        while chunk := await loop.sock_recv(endpoint, _CHUNK_BYTES):
            client.write(chunk)
            is_answered = True
            await client.drain()
    if client.is_closing():
        return
    if not is_answered:
        client.write(unanswered)
    client.write_eof()


async def _connect(path: str) -> socket.socket:
    """Return a connection to a Unix socket.

    asyncio mistakes a full queue of a Unix socket for a connection that is being made:
    https://man7.org/linux/man-pages/man2/connect.2.html#ERRORS (EAGAIN)
    """
    connecting = socket.socket(socket.AF_UNIX)
    try:
        connecting.setblocking(False)
        async with asyncio.timeout(_CONNECT_SECONDS):
            while True:
                try:
                    connecting.connect(path)
                except BlockingIOError:  # no event tells when the queue has room
                    await asyncio.sleep(_CONNECT_PAUSE_SECONDS)
                else:
                    return connecting
    except BaseException:
        connecting.close()
        raise


def _with_close(received: bytes) -> bytes:
    """Return the start of a request with a header for the end of its connection."""
    line, end, rest = received.lstrip(b"\r\n").partition(b"\n")
    return b"".join((line, end, b"Connection: close\r\n", rest))


def _serialised(response: Response) -> bytes:
    body = cast("bytes", response.body)
    headers = {**response.headers, "Content-Length": str(len(body))}
    lines = [
        f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join((*lines, "", "")).encode() + body
