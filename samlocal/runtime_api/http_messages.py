"""The requests and responses of a sandbox's HTTP server, and what answers them."""

from __future__ import annotations

import asyncio
from dataclasses import field
from typing import TYPE_CHECKING, Final, Protocol

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping

# A reader with this much unread pauses the sender.
_MAX_UNREAD_BYTES: Final = 256 * 1024

Headers = tuple[tuple[bytes, bytes], ...]


@frozen
class Response:
    """An answer to a request; the server adds `Content-Length` or `Transfer-Encoding`.

    A generator as body is sent in chunks, no faster than the client reads them. It is
    closed when the client disconnects. `trailers` is called after its end; an HTTP/1.0 client gets none.
    """

    status: int
    body: bytes | AsyncGenerator[bytes, None]
    headers: Mapping[str, str] = field(default_factory=dict)
    trailers: Callable[[], Mapping[str, str]] = dict


class TruncatedRequestError(Exception):
    """The client disconnected before the end of its request."""


class Request:
    """A request whose body is still arriving."""

    def __init__(
        self, *, method: str, path: str, headers: Headers, transport: asyncio.Transport
    ) -> None:
        self.method = method
        self.path = path
        self.trailers: Headers = ()
        self.is_whole = False
        self._headers = headers
        self._transport = transport
        self._unread = bytearray()  # chunks apart would need much more memory if they are small
        self._error: TruncatedRequestError | None = None
        self._changed = asyncio.Event()

    def header(self, name: str) -> str | None:
        """Return the value of a header; None if there is none."""
        return _find(self._headers, name)

    def trailer(self, name: str) -> str | None:
        """Return the value of a trailer; None before the body is read."""
        return _find(self.trailers, name)

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives, each time everything that is there.

        Raises:
            TruncatedRequestError: The client disconnected before the end.
        """
        while True:
            if self._unread:
                chunk = bytes(self._unread)
                self._unread.clear()
                self._transport.resume_reading()
                yield chunk
            elif self._error:
                raise self._error
            elif self.is_whole:
                return
            else:
                self._changed.clear()
                await self._changed.wait()

    def feed(self, chunk: bytes | bytearray) -> None:
        """Add a chunk of the body."""
        self._unread += chunk
        if len(self._unread) >= _MAX_UNREAD_BYTES:
            self._transport.pause_reading()
        self._changed.set()

    def end(self, trailers: Headers) -> None:
        """Note the end of the body."""
        self.trailers = trailers
        self.is_whole = True
        self._changed.set()

    def break_off(self) -> None:
        """Note that the rest of the body will not come."""
        self._error = TruncatedRequestError()
        self._changed.set()


class Handler(Protocol):
    async def __call__(self, request: Request, /) -> Response: ...


def _find(headers: Headers, name: str) -> str | None:
    wanted = name.lower().encode("ascii")
    return next((value.decode("latin-1") for key, value in headers if key == wanted), None)
