"""The local end of a relay: connections in the sandbox's network are forwarded to the Runtime API.

For each connection that the relay reports, a local connection to the listener is opened. The listener
recognises these by their local ports among all connections of the loopback interface.
"""

from __future__ import annotations

import logging
import socket
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING, Final

from samlocal.engine.output import read_output
from samlocal.engine.removal import remove
from samlocal.errors import EngineError, SandboxError
from samlocal.sandbox.docker.network.relay.frames import Frame, Kind, read_frames
from samlocal.sandbox.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.engine.engine import Engine
    from samlocal.engine.streams import Attached

_log = logging.getLogger(__name__)

# A relay keeps a whole frame in memory, so frames are small.
_CHUNK_BYTES: Final = 64 * 1024
_END_SECONDS: Final = 5.0
# Messages of engines for a container whose program is not in its image.
_NO_SHELL: Final = ("no such file or directory", "not found")


class RelayUnusableError(SandboxError):
    """The container's image cannot run the relay, or the relay ended by itself."""


class Relay:
    """A started container that owns the sandbox's network namespace, and its connections.

    `lost` is called if the relay ends before it is closed.
    """

    def __init__(
        self,
        engine: Engine,
        container_id: str,
        *,
        target: tuple[str, int],
        lost: Callable[[SandboxError], None],
    ) -> None:
        self.container_id = container_id
        self._engine = engine
        self._target = target
        self._lost = lost
        self._port: Future[int] = Future()
        self._connections: dict[int, socket.socket] = {}
        self._our_ports: set[int] = set()
        self._complaints = bytearray()
        self._sending = Lock()
        self._closed = False
        self._attached: Attached | None = None
        self._reader: Thread | None = None

    def start(self, network_id: str | None) -> int:
        """Start the relay, also in the given network; return its port.

        Raises:
            RelayUnusableError: Its image cannot run it.
        """
        self._attached = self._engine.attach(self.container_id, stdin=True)
        reader = Thread(target=self._read, args=(self._attached,), daemon=True)
        reader.start()
        self._reader = reader  # not before, because `close` joins it
        if self._closed:  # `close` may have run before the connection was set
            self._attached.close()
        try:
            with self._engine.translated_errors():
                if network_id:
                    self._engine.api.connect_container_to_network(self.container_id, network_id)
                self._engine.api.start(self.container_id)
        except EngineError as error:
            if any(words in error.message for words in _NO_SHELL):
                raise RelayUnusableError(error.message) from error
            raise
        return self._port.result()

    def accepts_peer(self, host: str, port: int) -> bool:
        """Return whether a connection from that address to the target is one of the relay's."""
        return host == LOOPBACK and port in self._our_ports

    def close(self) -> None:
        """Remove the container, and end every connection and thread."""
        self._closed = True
        with suppress(EngineError):
            remove(self._engine, self.container_id)
        if self._attached:
            self._attached.close()
        if self._reader:
            self._reader.join(_END_SECONDS)

    def _read(self, attached: Attached) -> None:
        try:
            output = read_output(attached.receive, stderr=self._complaints.extend)
            with self._engine.translated_errors():
                for frame in read_frames(output):
                    self._take(frame)
        except (EngineError, ValueError) as error:
            _log.debug("the relay's stream broke: %s", error)
        finally:
            for connection in list(self._connections.values()):
                _close(connection)
            self._report_end()

    def _report_end(self) -> None:
        if self._closed:
            error: SandboxError = RelayUnusableError("the relay was closed")
        else:
            error = self._end_error()
        with suppress(InvalidStateError):
            self._port.set_exception(error)
            return
        if not self._closed:
            self._lost(error)

    def _end_error(self) -> SandboxError:
        try:
            with self._engine.translated_errors():
                self._engine.api.ping()
        except EngineError as error:
            return error
        reason = self._complaints.decode(errors="replace").strip()
        return RelayUnusableError(
            f"the relay ended{f': {reason.splitlines()[-1]}' if reason else ' without a message'}",
            hint="if containers can reach this machine, use `--api-connection direct`",
        )

    def _take(self, frame: Frame) -> None:
        if frame.kind is Kind.READY:
            self._port.set_result(frame.number)
        elif frame.kind is Kind.OPEN:
            self._open(frame.number)
        elif connection := self._connections.get(frame.number):
            with suppress(OSError):  # the local side has closed it and tells the relay
                if frame.kind is Kind.DATA:
                    connection.sendall(frame.data)
                else:
                    connection.shutdown(socket.SHUT_WR)

    def _open(self, number: int) -> None:
        connection = socket.socket()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.bind((LOOPBACK, 0))
        self._our_ports.add(connection.getsockname()[1])
        self._connections[number] = connection
        with suppress(OSError):  # the listener is closed
            connection.connect(self._target)
        Thread(target=self._serve, args=(number, connection), daemon=True).start()

    def _serve(self, number: int, connection: socket.socket) -> None:
        """Forward the responses of the Runtime API until it closes the connection."""
        port = connection.getsockname()[1]
        with suppress(OSError, EngineError):
            while data := connection.recv(_CHUNK_BYTES):
                self._send(Frame(kind=Kind.DATA, number=number, data=data))
        with suppress(OSError, EngineError):
            self._send(Frame(kind=Kind.END, number=number))
        self._our_ports.discard(port)
        del self._connections[number]
        connection.close()

    def _send(self, frame: Frame) -> None:
        if self._attached:
            with self._sending:
                self._attached.send(bytes(frame))


def _close(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
