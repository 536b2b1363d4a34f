"""The local end of a relay: connections in the sandbox's network are forwarded to the Runtime API.

For each connection that the relay reports, a local connection to the listener is opened. The listener
recognises these by their local ports among all connections of the loopback interface.

It carries connections the other way too: from this machine to programs that listen in the sandbox.
"""

from __future__ import annotations

import logging
import socket
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from itertools import count
from threading import Lock, Thread
from typing import TYPE_CHECKING, Final

from samlocal.engine.output import read_output
from samlocal.engine.removal import remove
from samlocal.errors import EngineError, SandboxError
from samlocal.sandbox.docker.network.relay.connection import Connection
from samlocal.sandbox.docker.network.relay.frames import (
    FIRST_OF_OURS,
    Frame,
    Kind,
    number_frame,
    read_frames,
)
from samlocal.sandbox.ports import LOOPBACK
from samlocal.sandbox.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.engine.engine import Engine
    from samlocal.engine.streams import Attached

_log = logging.getLogger(__name__)

_END_SECONDS: Final = 5.0
# The longest wait for a program that listens but does not accept, or for the relay.
_CONNECT_SECONDS: Final = 5.0
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
        self._connections: dict[int, Connection] = {}
        self._our_ports: set[int] = set()
        self._connecting: dict[int, Future[socket.socket | None]] = {}
        self._numbers = count(FIRST_OF_OURS)
        self._ended = False
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

    def connect(self, port: int) -> socket.socket:
        """Connect to a program that listens on a port in the sandbox's network.

        Raises:
            OSError: No program listens there, or it does not accept in time.
        """
        number = next(self._numbers)
        opened = self._connecting[number] = Future()
        if self._ended:  # nobody answers any more
            self._refuse(number)
        try:
            self._send(number_frame(Kind.CONNECT, number, port))
        except (OSError, EngineError):
            self._refuse(number)
        try:
            connected = opened.result(_CONNECT_SECONDS)
        except TimeoutError:
            if self._connecting.pop(number, None):
                self._send(Frame(kind=Kind.BROKEN, number=number))
                raise
            connected = opened.result()  # it has been answered at this moment
        if connected is None:
            raise refused(port)
        return connected

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
            self._ended = True
            for number in list(self._connecting):
                self._refuse(number)
            for connection in list(self._connections.values()):
                connection.break_off()
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
        """Take a frame without ever blocking: the relay may wait until all its frames are read."""
        if frame.kind is Kind.READY:
            self._port.set_result(frame.number)
        elif frame.kind is Kind.OPEN and frame.number < FIRST_OF_OURS:
            self._open(frame.number)
        elif frame.kind is Kind.OPEN:
            self._succeed(frame.number)
        elif connection := self._connections.get(frame.number):
            connection.take(frame)
        elif frame.kind is Kind.BROKEN:
            self._refuse(frame.number)

    def _open(self, number: int) -> None:
        """Connect a connection of the sandbox to the Runtime API."""
        local = socket.socket()
        local.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        local.bind((LOOPBACK, 0))
        port = local.getsockname()[1]
        self._our_ports.add(port)
        with suppress(OSError):  # the listener is closed
            local.connect(self._target)
        self._start(number, local, lambda: self._our_ports.discard(port))

    def _succeed(self, number: int) -> None:
        """Give the caller of `connect` its end of a new connection."""
        opened = self._connecting.pop(number, None)
        if opened:
            ours, theirs = socket.socketpair()
            self._start(number, theirs)
            opened.set_result(ours)

    def _refuse(self, number: int) -> None:
        opened = self._connecting.pop(number, None)
        if opened:
            opened.set_result(None)

    def _start(
        self, number: int, local: socket.socket, ended: Callable[[], None] = lambda: None
    ) -> None:
        def forget() -> None:
            del self._connections[number]
            ended()

        connection = Connection(number, local, send=self._send, ended=forget)
        self._connections[number] = connection
        connection.start()

    def _send(self, frame: Frame) -> None:
        if self._attached:
            with self._sending:
                self._attached.send(bytes(frame))
