"""The connection to a container's streams, over any transport."""

from __future__ import annotations

import select
from contextlib import suppress
from socket import SHUT_RDWR
from threading import Lock
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from samlocal.engine.transport import Transport


class Attached(Protocol):
    """A connection to a container's streams; one thread may receive while another sends."""

    def receive(self, size: int) -> bytes:
        """Return up to `size` next bytes of the container's output; none at its end."""

    def send(self, data: bytes) -> None:
        """Write all of `data` to the container's input."""

    def close(self) -> None:
        """Close the connection, which ends a pending `receive` or `send`."""


def attached(transport: Transport, received: bytes) -> Attached:
    """Return the streams over a transport; `received` are the bytes that were read before."""
    return (_TlsStreams if transport.is_tls else _Streams)(transport, received)


class _Streams:
    def __init__(self, transport: Transport, received: bytes) -> None:
        self._transport = transport
        self._received = received
        transport.sock.settimeout(None)

    def receive(self, size: int) -> bytes:
        if self._received:
            first, self._received = self._received[:size], self._received[size:]
            return first
        try:
            data = self._receive(size)
        except OSError:
            self._transport.close()
            raise
        if not data:
            self._transport.close()
        return data

    def send(self, data: bytes) -> None:
        self._transport.sock.sendall(data)

    def close(self) -> None:
        with suppress(OSError):
            self._transport.sock.shutdown(SHUT_RDWR)

    def _receive(self, size: int) -> bytes:
        return self._transport.sock.recv(size)


class _TlsStreams(_Streams):
    """Streams over TLS, whose connection only one thread at a time may use."""

    def __init__(self, transport: Transport, received: bytes) -> None:
        super().__init__(transport, received)
        self._guard = Lock()
        transport.sock.setblocking(False)

    def send(self, data: bytes) -> None:
        import ssl  # noqa: PLC0415  # most engines do not need it

        rest = memoryview(data)
        while rest:
            with self._guard, suppress(ssl.SSLWantWriteError):
                rest = rest[self._transport.sock.send(rest) :]
                continue
            select.select([], [self._transport.sock], [])

    def close(self) -> None:
        with self._guard:
            super().close()

    def _receive(self, size: int) -> bytes:
        import ssl  # noqa: PLC0415  # most engines do not need it

        while True:
            with self._guard, suppress(ssl.SSLWantReadError):
                return self._transport.sock.recv(size)
            select.select([self._transport.sock], [], [])
