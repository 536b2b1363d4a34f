"""A whole response of a server or of an app, without the ways to send one."""

from __future__ import annotations

from typing import NamedTuple

Headers = list[tuple[bytes, bytes]]


class PlainResponse(NamedTuple):
    """Status, headers without a `content-length`, and body."""

    status: int
    headers: Headers
    body: bytes

    def all_headers(self) -> Headers:
        """Return the headers with the size of the body."""
        return [*self.headers, (b"content-length", b"%d" % len(self.body))]


def json_error(status: int, message: str) -> PlainResponse:
    """Return an error as API Gateway writes it; the message needs no escape."""
    return PlainResponse(
        status, [(b"content-type", b"application/json")], b'{"message": "%b"}' % message.encode()
    )
