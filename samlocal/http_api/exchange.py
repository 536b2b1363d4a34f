"""A request of a client, and what it gets, as the gateways see them."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

Headers = tuple[tuple[str, str], ...]


@frozen
class HttpRequest:
    """A whole request.

    `path` is as the client sent it, percent-encoded, without the query, and without a stage prefix or base path that
    led to the API. `prefix` is what was removed: empty, or such as `/Prod`. `query` is as sent, without `?`. The names
    of `headers` are as the client wrote them, in its order; values are decoded as Latin-1. `host` is that of the client's
    `Host` header, which may have a port; else the server's own. `received` is Unix time in seconds. `trace_header` is a
    whole X-Ray header, the client's own or a new one.
    """

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes = field(repr=False)
    source_ip: str
    host: str
    port: int
    scheme: str
    received: float
    request_id: str
    trace_header: str
    prefix: str = ""
    protocol: str = "HTTP/1.1"

    def header(self, name: str) -> str | None:
        """Return the last value of a header, whose name is compared without case; None if there is none."""
        values = self._values.get(name.lower())
        return values[-1] if values else None

    def all_values(self, name: str) -> list[str]:
        """Return all values of a header, in their order."""
        return list(self._values.get(name.lower(), ()))

    @cached_property
    def _values(self) -> dict[str, list[str]]:
        """All values of each header by its name in lower case."""
        found: dict[str, list[str]] = {}
        for name, value in self.headers:
            found.setdefault(name.lower(), []).append(value)
        return found


@frozen
class HttpResponse:
    """A whole response; names of headers are sent as they are written here, except for the server's framing.

    `reason` follows the status in the first line: latin-1 without control characters, or None for the usual phrase.
    """

    status: int
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = field(default=b"", repr=False)
    reason: str | None = None


class ResponseWriter(Protocol):
    """Sends a response in parts; a client that has hung up gets nothing more, which is not an error."""

    async def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Send status and headers."""

    async def write(self, chunk: bytes) -> None:
        """Send a part of the body, no faster than the client reads."""

    async def end(self) -> None:
        """Send the end of the body."""

    async def break_off(self) -> None:
        """Close the connection, so that the client sees an incomplete body."""

    async def wait_hang_up(self) -> None:
        """Return when the client hangs up before it has the whole response; else never."""


class Gateway(Protocol):
    """One API: answers requests by its routes.

    A request whose body is larger than `max_body_bytes` is not read to its end: its answer is that of `refuse_body`,
    for a request with an empty body.
    """

    @property
    def max_body_bytes(self) -> int:
        """The largest body that the service takes."""

    async def refuse_body(self, request: HttpRequest) -> HttpResponse:
        """Return the answer to a request with a larger body."""

    async def answer(self, request: HttpRequest, writer: ResponseWriter) -> HttpResponse | None:
        """Return the whole response; None if it was sent with the writer."""
