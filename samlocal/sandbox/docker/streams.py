"""The connection to a container's own streams, over whatever the engine is reached by."""

from __future__ import annotations

import select
import ssl
from contextlib import suppress
from socket import SHUT_RDWR
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import socket


class Attached(Protocol):
    """A connection to a container's streams; one thread may receive while another sends."""

    def receive(self, size: int) -> bytes:
        """Return the next bytes of the container's output, at most so many; none at its end."""

    def send(self, data: bytes) -> None:
        """Write all of this to the container's input."""

    def close(self) -> None:
        """End the connection, and with it whatever waits for it."""


def attached(connection: Any) -> Attached:  # noqa: ANN401  # docker-py: a file, or a socket over TLS
    """Return the streams over what docker-py calls the socket of an attached container."""
    if isinstance(connection, ssl.SSLSocket):
        return _TlsStreams(connection)
    return _Streams(connection)


class _Streams:
    def __init__(self, file: Any) -> None:  # noqa: ANN401  # a `socket.SocketIO`
        self._file = file
        self._socket: socket.socket = file._sock  # noqa: SLF001  # docker-py hides nothing else

    def receive(self, size: int) -> bytes:
        return bytes(self._file.read(size))

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(SHUT_RDWR)


class _TlsStreams:
    """A TLS connection is one state for both directions: one thread at a time may touch it."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        self._connection = connection
        self._touching = Lock()
        connection.setblocking(False)

    def receive(self, size: int) -> bytes:
        while True:
            with self._touching, suppress(ssl.SSLWantReadError):
                return self._connection.recv(size)
            select.select([self._connection], [], [])

    def send(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            with self._touching, suppress(ssl.SSLWantWriteError):
                rest = rest[self._connection.send(rest) :]
                continue
            select.select([], [self._connection], [])

    def close(self) -> None:
        with suppress(OSError):
            self._connection.shutdown(SHUT_RDWR)
