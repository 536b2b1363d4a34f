"""Takes connections from a listening socket, as long as the process may open files for them."""

from __future__ import annotations

import asyncio
import errno
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from samlocal.http_server.client_files import has_files_for_clients, most_client_files

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from ssl import SSLContext

_BACKLOG: Final = 2048
# Connections that are taken before requests have their turn.
_MOST_AT_ONCE: Final = 256
_PAUSE_SECONDS: Final = 0.2
_OUT_OF_FILES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_log = logging.getLogger("samlocal.endpoint")


class Acceptor:
    """Makes a protocol of each connection to a socket, in the running loop, until `close`, which closes the socket.

    Where too many files are open, connections wait in the kernel until there are fewer; the log says so once. asyncio's
    own server tries and logs that as often as its backlog is long, each second:
    https://github.com/python/cpython/blob/v3.11.7/Lib/asyncio/selector_events.py
    """

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        *,
        tls: SSLContext | None,
        handshake_seconds: float,
    ) -> None:
        self._listener = listener
        self._protocol = protocol
        self._tls = tls
        self._handshake_seconds = handshake_seconds if tls else None
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._opening: set[asyncio.Task[None]] = set()
        self._has_told = False
        listener.listen(_BACKLOG)
        listener.setblocking(False)
        self._resume()

    def close(self) -> None:
        """Take no more connections; those that have been taken go on. A second call does nothing."""
        if self._timer:
            self._timer.cancel()
        if self._listener.fileno() < 0:
            return
        self._loop.remove_reader(self._listener)
        self._listener.close()

    def abort(self) -> None:
        """Give up connections whose handshake has not ended."""
        for each in self._opening:
            each.cancel()

    def _resume(self) -> None:
        self._timer = None
        if has_files_for_clients(self._listener.fileno()):
            self._loop.add_reader(self._listener, self._accept)
        else:
            self._pause()

    def _accept(self) -> None:
        for _ in range(_MOST_AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except OSError as error:  # none waits, or the next one is broken
                if error.errno in _OUT_OF_FILES:
                    self._pause()
                return
            task = self._loop.create_task(self._open(connection))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
            if connection.fileno() >= most_client_files():
                self._pause()
                return

    async def _open(self, connection: socket.socket) -> None:
        with suppress(OSError):  # a handshake that fails is the client's affair
            await self._loop.connect_accepted_socket(
                self._protocol,
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=self._handshake_seconds,
            )

    def _pause(self) -> None:
        self._loop.remove_reader(self._listener)
        self._timer = self._loop.call_later(_PAUSE_SECONDS, self._resume)
        if not self._has_told:
            self._has_told = True
            _log.warning(
                "too many files are open for more clients: their connections wait (`ulimit -n` raises the limit)"
            )
