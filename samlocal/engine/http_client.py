"""An HTTP/1.1 client for engines: h11 reads and writes the protocol, a blocking socket moves the bytes.

Not docker-py with requests, because their import takes a third of the time in which an engine starts a
container. Not `http.client`, because it imports all of `email` and `ssl`; h11 is imported anyway.
"""

from __future__ import annotations

import select
from contextlib import suppress
from socket import SHUT_RDWR, socket
from typing import TYPE_CHECKING, Final, TypeGuard

import h11

from samlocal.engine.transport import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.engine.discovery import EngineAddress
    from samlocal.engine.transport import Transport

_READ_BYTES: Final = 64 * 1024
_MAX_HEADER_BYTES: Final = 64 * 1024
_SWITCHING_PROTOCOLS: Final = 101


class Response:
    """The head of a response; header names are in lower case."""

    def __init__(self, event: h11.Response | h11.InformationalResponse) -> None:
        self.status = event.status_code
        self.headers = {name.decode(): value.decode() for name, value in event.headers}


class HttpConnection:
    """A connection to an engine, for consecutive requests."""

    def __init__(self, address: EngineAddress, seconds: float | None) -> None:
        """Connect; `seconds` limits each wait for the engine, None is no limit.

        Raises:
            OSError: Nothing answers at the address, or the certificates are invalid.
            ValueError: The address is invalid.
        """
        self._transport = connect(address, seconds)
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEADER_BYTES)
        self._has_ended = False

    def request(
        self, method: str, target: str, body: bytes = b"", *, upgrade: bool = False
    ) -> Response:
        """Send a request and return the head of the response.

        Raises:
            OSError: The connection broke or timed out.
            h11.ProtocolError: The answer is not HTTP.
        """
        headers = [("Host", "engine"), ("Content-Length", str(len(body)))]
        headers += [("Content-Type", "application/json")] if body else []
        headers += [("Connection", "Upgrade"), ("Upgrade", "tcp")] if upgrade else []
        events = (
            h11.Request(method=method, target=target, headers=headers),
            h11.Data(data=body),
            h11.EndOfMessage(),
        )
        self._transport.sock.sendall(b"".join(self._protocol.send(each) or b"" for each in events))
        while True:
            event = self._next_event()
            if isinstance(event, h11.Response) or _is_upgrade(event):
                return Response(event)

    def body(self) -> Iterator[bytes]:
        """Yield the body of the response as it arrives."""
        while isinstance(event := self._next_event(), h11.Data):
            yield bytes(event.data)

    def detach(self) -> tuple[Transport, bytes]:
        """Return the transport of an upgraded connection, and the bytes received after the response."""
        return self._transport, self._protocol.trailing_data[0]

    def make_ready(self) -> bool:
        """Prepare for the next request; return whether the connection can be reused."""
        # The end of the connection may be the end of a response, which is done then.
        if self._has_ended or {self._protocol.our_state, self._protocol.their_state} != {h11.DONE}:
            return False
        self._protocol.start_next_cycle()
        return True

    def is_dropped(self) -> bool:
        """Return whether the engine has closed the idle connection."""
        return bool(select.select([self._transport.sock], [], [], 0)[0])

    def close(self) -> None:
        self._transport.close()

    def shut_down(self) -> None:
        """End a call of another thread, which closes the connection."""
        with suppress(OSError):
            # Not the method of a TLS socket, which only one thread may use.
            socket.shutdown(self._transport.sock, SHUT_RDWR)

    def _next_event(self) -> object:
        while (event := self._protocol.next_event()) is h11.NEED_DATA:
            data = self._transport.sock.recv(_READ_BYTES)
            self._has_ended = not data
            if not data and self._protocol.their_state is h11.SEND_RESPONSE:
                raise ConnectionResetError("the connection was closed")
            self._protocol.receive_data(data)
        return event


def _is_upgrade(event: object) -> TypeGuard[h11.InformationalResponse]:
    return (
        isinstance(event, h11.InformationalResponse) and event.status_code == _SWITCHING_PROTOCOLS
    )
