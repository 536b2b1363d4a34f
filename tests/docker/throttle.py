"""A slow way to a registry: a TCP proxy that holds back, and may be cut."""

from __future__ import annotations

import socket
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE_BYTES = 64 * 1024


class Throttle:
    """Passes requests on; of responses only `allowed` bytes in all, until it is opened."""

    def __init__(self, target: str, *, allowed: int) -> None:
        host, _, port = target.partition(":")
        self._target = host, int(port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._connections: list[socket.socket] = []
        self._left = allowed
        self._lock = Lock()
        self._open = Event()
        self.holding = Event()
        """Something is held back by now."""
        self.left = Event()
        """Who was waiting has hung up."""

    def open(self) -> None:
        self._open.set()

    def cut(self) -> None:
        """Break all connections and refuse new ones."""
        # A listener that another thread waits on is closed by shutting it down.
        for each in (self._listener, *self._connections):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._open.set()

    def serve(self) -> None:
        with suppress(OSError):  # it has been cut
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._connections += [client, server]
                Thread(target=self._requests, args=(client, server), daemon=True).start()
                Thread(target=self._responses, args=(server, client), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while piece := client.recv(_PIECE_BYTES):
                server.sendall(piece)
        if self.holding.is_set():
            self.left.set()

    def _responses(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while piece := server.recv(_PIECE_BYTES):
                self._wait(len(piece))
                client.sendall(piece)
            client.shutdown(socket.SHUT_WR)

    def _wait(self, size: int) -> None:
        with self._lock:
            self._left -= size
            if self._left > 0:
                return
        self.holding.set()
        self._open.wait()


@contextmanager
def throttle(target: str, *, allowed: int) -> Iterator[Throttle]:
    """A proxy to `target` on a free port, as long as the block lasts."""
    running = Throttle(target, allowed=allowed)
    Thread(target=running.serve, daemon=True).start()
    try:
        yield running
    finally:
        running.cut()
