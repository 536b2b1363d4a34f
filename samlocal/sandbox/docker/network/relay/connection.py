"""A connection through a relay: the bytes of a local socket travel in frames, in both directions."""

from __future__ import annotations

import socket
from contextlib import suppress
from queue import SimpleQueue
from threading import Condition, Thread
from typing import TYPE_CHECKING, Final

from samlocal.errors import EngineError
from samlocal.sandbox.docker.network.relay.frames import (
    WINDOW_BYTES,
    Frame,
    Kind,
    number_frame,
    number_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# A relay keeps a whole frame in memory, so frames are small.
_CHUNK_BYTES: Final = 64 * 1024
# One acknowledgement for so many bytes: short messages need none.
_ACKNOWLEDGED_BYTES: Final = WINDOW_BYTES // 4


class Connection:
    """A connection with a local socket, which it owns. Each direction ends by itself.

    `send` sends a frame to the relay. `ended` is called at the end, in a thread of the connection.
    """

    def __init__(
        self,
        number: int,
        local: socket.socket,
        *,
        send: Callable[[Frame], None],
        ended: Callable[[], None],
    ) -> None:
        self.number = number
        self._local = local
        self._send = send
        self._ended = ended
        self._arrived: SimpleQueue[bytes | None] = SimpleQueue()
        self._window = WINDOW_BYTES
        self._window_changed = Condition()
        self._broken = False

    def start(self) -> None:
        """Forward in both directions, in threads of their own."""
        Thread(target=self._serve, daemon=True).start()

    def take(self, frame: Frame) -> None:
        """Take a frame of the connection without ever blocking."""
        match frame.kind:
            case Kind.DATA:
                self._arrived.put(frame.data)
            case Kind.END:
                self._arrived.put(None)
            case Kind.TAKEN:
                with self._window_changed:
                    self._window += number_of(frame)
                    self._window_changed.notify()
            case _:
                self.break_off()

    def break_off(self) -> None:
        """End both directions; what has not arrived yet is lost."""
        with self._window_changed:
            self._broken = True
            self._window_changed.notify()
        self._arrived.put(None)
        with suppress(OSError):
            self._local.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        writer = Thread(target=self._write, daemon=True)
        writer.start()
        self._forward()
        writer.join()
        self._local.close()
        self._ended()

    def _forward(self) -> None:
        """Send what the local socket has, until it ends."""
        try:
            while (allowed := self._await_window()) and (data := self._local.recv(allowed)):
                with self._window_changed:
                    self._window -= len(data)
                self._tell(Frame(kind=Kind.DATA, number=self.number, data=data))
        except OSError:
            self._fail()
        else:
            self._tell(Frame(kind=Kind.END, number=self.number))

    def _await_window(self) -> int:
        """Return how many bytes may be sent now; 0 if the connection is broken."""
        with self._window_changed:
            self._window_changed.wait_for(lambda: self._broken or self._window > 0)
            return 0 if self._broken else min(self._window, _CHUNK_BYTES)

    def _write(self) -> None:
        """Write what arrives to the local socket, until it ends."""
        taken = 0
        try:
            while (data := self._arrived.get()) is not None:
                self._local.sendall(data)
                taken += len(data)
                if taken >= _ACKNOWLEDGED_BYTES:
                    self._tell(number_frame(Kind.TAKEN, self.number, taken))
                    taken = 0
            self._local.shutdown(socket.SHUT_WR)
        except OSError:
            self._fail()

    def _fail(self) -> None:
        """Report that the local socket is gone, unless the relay has broken off."""
        if not self._broken:
            self._tell(Frame(kind=Kind.BROKEN, number=self.number))
            self.break_off()

    def _tell(self, frame: Frame) -> None:
        if not self._broken:
            with suppress(OSError, EngineError):  # the relay's end breaks off all connections
                self._send(frame)
