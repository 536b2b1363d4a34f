"""HTTP/1.1 as an engine speaks it: h11 reads and writes the protocol, a blocking socket moves the bytes.

Why not docker-py, and requests under it: their import alone takes a third of what an engine takes to start
a container. Why not `http.client`: it imports the whole of `email` and `ssl`; h11 is imported anyway.
"""

from __future__ import annotations

import select
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
    """The head of an answer; names of headers are in lower case."""

    def __init__(self, event: h11.Response | h11.InformationalResponse) -> None:
        self.status = event.status_code
        self.headers = {name.decode(): value.decode() for name, value in event.headers}


class HttpConnection:
    """A connection to an engine, for one request after the other."""

    def __init__(self, address: EngineAddress, seconds: float | None) -> None:
        """Connect; `seconds` limits each wait for the engine, None: as long as it takes.

        Raises:
            OSError: Nobody answers there, or the certificates are unusable.
            ValueError: No engine has such an address.
        """
        self._transport = connect(address, seconds)
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEADER_BYTES)

    def request(
        self, method: str, target: str, body: bytes = b"", *, upgrade: bool = False
    ) -> Response:
        """Send a request, and return the head of its answer.

        Raises:
            OSError: The connection broke, or nothing came for too long.
            h11.ProtocolError: What answers doesn't speak HTTP.
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
        """Yield the body of the answer as it comes."""
        while isinstance(event := self._next_event(), h11.Data):
            yield bytes(event.data)

    def detach(self) -> tuple[Transport, bytes]:
        """Return the transport of a connection that speaks HTTP no longer, and what has come after that."""
        return self._transport, self._protocol.trailing_data[0]

    def make_ready(self) -> bool:
        """Prepare for the next request; tell whether there can be one."""
        if {self._protocol.our_state, self._protocol.their_state} != {h11.DONE}:
            return False
        self._protocol.start_next_cycle()
        return True

    def is_dropped(self) -> bool:
        """Tell whether the engine has ended a connection that waits for its next request."""
        return bool(select.select([self._transport.sock], [], [], 0)[0])

    def close(self) -> None:
        self._transport.close()

    def _next_event(self) -> object:
        while (event := self._protocol.next_event()) is h11.NEED_DATA:
            data = self._transport.sock.recv(_READ_BYTES)
            if not data and self._protocol.their_state is h11.SEND_RESPONSE:
                raise ConnectionResetError("the connection was closed")
            self._protocol.receive_data(data)
        return event


def _is_upgrade(event: object) -> TypeGuard[h11.InformationalResponse]:
    return (
        isinstance(event, h11.InformationalResponse) and event.status_code == _SWITCHING_PROTOCOLS
    )
