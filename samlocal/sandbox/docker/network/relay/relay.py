"""Our end of a relay: what connects to it in the sandbox's network comes to the Runtime API here.

Each connection that the relay reports becomes one of ours to the listener. Those are known by their
own ports, so that the listener can tell them from whatever else this machine's loopback interface
carries.
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

# A relay takes each frame apart from the next, so that small ones keep its memory small.
_CHUNK_BYTES: Final = 64 * 1024
_END_SECONDS: Final = 5.0
# What engines say of a container whose first program its image doesn't have.
_NO_SHELL: Final = ("no such file or directory", "not found")


class RelayUnusableError(SandboxError):
    """The container's image has nothing that could run the relay, or it ended by itself."""


class Relay:
    """A started container that owns the sandbox's network namespace, and its connections.

    `lost` is called where the relay ends before it is closed.
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
        """Start the relay, in that network as well; return the port on which it listens.

        Raises:
            RelayUnusableError: Its image can't run it.
        """
        self._attached = self._engine.attach(self.container_id, stdin=True)
        self._reader = Thread(target=self._read, args=(self._attached,), daemon=True)
        self._reader.start()
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
        """Tell whether a connection to the target, from that address, is one of the relay's."""
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
            self._tell_the_end()

    def _tell_the_end(self) -> None:
        if self._closed:
            error: SandboxError = RelayUnusableError("the relay was closed")
        else:
            error = self._what_happened()
        with suppress(InvalidStateError):
            self._port.set_exception(error)
            return
        if not self._closed:
            self._lost(error)

    def _what_happened(self) -> SandboxError:
        try:
            with self._engine.translated_errors():
                self._engine.api.ping()
        except EngineError as error:
            return error
        reason = self._complaints.decode(errors="replace").strip()
        return RelayUnusableError(
            f"the relay ended{f': {reason.splitlines()[-1]}' if reason else ' without a word'}",
            hint="`--api-connection direct` goes without it, where containers can reach this machine",
        )

    def _take(self, frame: Frame) -> None:
        if frame.kind is Kind.READY:
            self._port.set_result(frame.number)
        elif frame.kind is Kind.OPEN:
            self._open(frame.number)
        elif connection := self._connections.get(frame.number):
            with suppress(OSError):  # our side has ended it: the relay is told so
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
        with suppress(OSError):  # the listener is closed: so is what comes to it
            connection.connect(self._target)
        Thread(target=self._serve, args=(number, connection), daemon=True).start()

    def _serve(self, number: int, connection: socket.socket) -> None:
        """Send what the Runtime API answers, until it closes the connection."""
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
