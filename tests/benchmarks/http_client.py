"""Clients of HTTP/1.1 that cost little, so that a benchmark measures the server and not itself."""

from __future__ import annotations

import asyncio
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

HOST: Final = "127.0.0.1"
_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_CHUNKED: Final = re.compile(rb"(?i)\r\ntransfer-encoding: *chunked")
_CLOSES: Final = re.compile(rb"(?i)\r\nconnection: *close|^HTTP/1\.0")
_MOST: Final = 1 << 16
_LARGEST_RESPONSE: Final = 1 << 25


class LostError(Exception):
    """The server closed the connection, or said nothing for too long, without a whole answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A whole response."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """Return a header's value, empty if there is none."""
        found = re.search(rb"(?i)\r\n" + name.encode() + rb": *([^\r]*)", self.head)
        return found[1].decode() if found else ""


def request_of(
    path: str, body: bytes | None = b"", headers: Mapping[str, str] | None = None
) -> bytes:
    """Return the bytes of a POST, or of a GET where there is no body."""
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", f"Host: {HOST}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def invoke_request(
    function: str, payload: bytes = b"{}", headers: Mapping[str, str] | None = None
) -> bytes:
    """Return the bytes of a request for Lambda's Invoke."""
    return request_of(f"/2015-03-31/functions/{function}/invocations", payload, headers)


class Connection:
    """A connection of a thread, made when it is needed, and kept as long as the server keeps it."""

    def __init__(
        self, port: int, *, seconds: float = 60, tls: ssl.SSLContext | None = None
    ) -> None:
        self._port = port
        self._seconds = seconds
        self._tls = tls
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def ask(self, request: bytes) -> Answer:
        """Send the bytes of a request; return the answer, whose body has a length or ends with the connection.

        Raises:
            LostError: There is none.
            OSError: Nobody listens.
        """
        if self._socket is None:
            self._socket = socket.create_connection((HOST, self._port), timeout=self._seconds)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                self._socket = self._tls.wrap_socket(self._socket, server_hostname=HOST)
        try:
            self._socket.sendall(request)
            answer, closes = self._receive(self._socket)
        except OSError as problem:
            self._close()
            raise LostError(str(problem)) from problem
        if closes:
            self._close()
        return answer

    def _receive(self, connected: socket.socket) -> tuple[Answer, bool]:
        received = b""
        while (end := received.find(_END_OF_HEAD)) < 0:
            received += _more(connected)
        head, body = received[:end], received[end + len(_END_OF_HEAD) :]
        length = _LENGTH.search(head)
        if not length and _has_body(head):
            while piece := connected.recv(_MOST):
                body += piece
            return Answer(status=_status(head), head=head, body=body), True
        while length and len(body) < int(length[1]):
            body += _more(connected)
        return Answer(status=_status(head), head=head, body=body), bool(_CLOSES.search(head))

    def _close(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None


def _more(connected: socket.socket) -> bytes:
    piece = connected.recv(_MOST)
    if not piece:
        raise ConnectionError("the server closed the connection")
    return piece


class AsyncConnection:
    """A connection of a task, made when it is needed, and kept as long as the server keeps it."""

    def __init__(self, port: int, *, seconds: float = 60) -> None:
        self._port = port
        self._seconds = seconds
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> Answer:
        """Send the bytes of a request; return the whole answer.

        Raises:
            LostError: There is none.
            OSError: Nobody listens.
        """
        await self.send(request)
        return await self.receive()

    async def send(self, piece: bytes) -> None:
        """Send bytes, whether or not they are a whole request. Where the server has answered already, it may not read them."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(HOST, self._port, limit=_LARGEST_RESPONSE)
        _, writer = self._streams
        writer.write(piece)
        try:
            await asyncio.wait_for(writer.drain(), self._seconds)
        except ConnectionError:
            pass  # the answer may be there
        except TimeoutError as problem:
            self.hang_up()
            raise LostError("the server does not read") from problem

    async def receive(self) -> Answer:
        """Return the whole answer to what was sent."""
        assert self._streams
        reader, _ = self._streams
        try:
            async with asyncio.timeout(self._seconds):
                head = await reader.readuntil(_END_OF_HEAD)
                body = await _body(reader, head)
        except (OSError, EOFError, asyncio.LimitOverrunError) as problem:
            self.hang_up()
            raise LostError(f"{type(problem).__name__}: {problem}") from problem
        if _CLOSES.search(head):
            self.hang_up()
        return Answer(status=_status(head), head=head, body=body)

    def hang_up(self) -> None:
        """Close the connection at once, whatever was sent or is expected."""
        if self._streams:
            self._streams[1].transport.abort()
            self._streams = None


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    if length := _LENGTH.search(head):
        return await reader.readexactly(int(length[1]))
    if not _CHUNKED.search(head):
        return await reader.read() if _has_body(head) else b""
    chunks = bytearray()
    while size := int(await reader.readuntil(b"\r\n"), 16):
        chunks += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return bytes(chunks)


def _status(head: bytes) -> int:
    return int(head.split(b" ", 2)[1])


def _has_body(head: bytes) -> bool:
    return _status(head) != 204
