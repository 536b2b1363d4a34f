"""What the connections of one server share."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.http_server.asgi import ASGIApp, Scope
    from samlocal.http_server.limits import Limits
    from samlocal.http_server.response import PlainResponse


class Running(Protocol):
    """A request that an app is answering; `holds_stop` if a stop waits for it although its client is gone."""

    holds_stop: bool
    has_whole_body: bool

    def give_up(self) -> None:
        """Cancel the app, and answer the request if it has not begun to."""


class Connection(Protocol):
    """An open connection."""

    def shutdown(self) -> None:
        """Close it now if no request is running, else after that."""

    def abort(self) -> None:
        """Close it at once."""


class ServerState:
    """The app, the limits, and what is open and running.

    `stopping` returns the answer to a request that a stop does not let finish. `closed` is set while there is no
    connection, and no request that holds up a stop.
    """

    def __init__(
        self, app: ASGIApp, limits: Limits, stopping: Callable[[Scope], PlainResponse]
    ) -> None:
        self.app = app
        self.limits = limits
        self.stopping = stopping
        self.connections: set[Connection] = set()
        self.running: set[Running] = set()
        self.is_stopping = False
        self.closed = asyncio.Event()
        self.closed.set()
        self._date = (0, b"")

    @property
    def date(self) -> bytes:
        """The value of the header `date`."""
        second = int(time.time())
        if second != self._date[0]:
            self._date = (second, formatdate(second, usegmt=True).encode())
        return self._date[1]

    def open(self, connection: Connection) -> None:
        self.connections.add(connection)
        self.closed.clear()

    def close(self, connection: Connection) -> None:
        self.connections.discard(connection)
        self._note_end()

    def begin(self, request: Running) -> None:
        self.running.add(request)
        if request.holds_stop:
            self.closed.clear()

    def end(self, request: Running) -> None:
        self.running.discard(request)
        self._note_end()

    def _note_end(self) -> None:
        if not self.connections and not any(each.holds_stop for each in self.running):
            self.closed.set()
