"""The head of a response, and how its body is framed."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

Framing = Literal["none", "length", "chunked", "close"]

_PHRASES: Final = {each.value: each.phrase.encode() for each in HTTPStatus}
_STATUS_LINES: Final = {
    status: b"HTTP/1.1 %d %b\r\n" % (status, _PHRASES.get(status, b""))
    for status in range(100, 1000)
}
# https://www.rfc-editor.org/rfc/rfc9110#name-tokens
_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDEN_IN_VALUES: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_FIRST_FINAL: Final = 200
_WITHOUT_BODY: Final = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class ResponseHead(NamedTuple):
    """The bytes of a head; `length` is the number of bytes of the body if that is how it is framed."""

    data: bytes
    framing: Framing
    length: int
    closes: bool


def response_head(
    status: int,
    headers: Iterable[tuple[bytes, bytes]],
    *,
    method: str,
    date: bytes,
    closes: bool,
    is_old: bool,
    reason: bytes | None = None,
) -> ResponseHead:
    """Return the head with the names of headers as they are given, except for those of the framing.

    `date` is the value of the header `date`, unless there is one. `closes` tells whether the connection ends with the
    response, which a header can demand. `is_old` is true for a client of HTTP/1.0, which knows no chunks. `reason` is
    what follows the status, None the usual phrase.

    Raises:
        ValueError: The status is not that of a whole response, or a header or the reason cannot be sent.
    """
    lines = [_status_line(status, reason)]
    length: int | None = None
    own_date = b"date: %b\r\n" % date
    for name, value in headers:
        lowered = name.lower()
        if lowered == b"connection":
            closes = closes or b"close" in value.lower()
        elif lowered == b"content-length":
            length = _read_length(value)
            if status != HTTPStatus.NO_CONTENT:
                lines.append(header_line(name, value))
        elif lowered != b"transfer-encoding":
            lines.append(header_line(name, value))
            if lowered == b"date":
                own_date = b""
    lines.insert(1, own_date)
    framing = _choose_framing(status, method, length, is_old=is_old)
    if framing == "chunked":
        lines.append(b"transfer-encoding: chunked\r\n")
    closes = closes or framing == "close"
    if closes:
        lines.append(b"connection: close\r\n")
    lines.append(b"\r\n")
    return ResponseHead(b"".join(lines), framing, length or 0, closes)


def header_line(name: bytes, value: bytes) -> bytes:
    """Return a line of a head.

    Raises:
        ValueError: It would not be one header.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"`{name!r}` is not a name of a header")
    if _FORBIDDEN_IN_VALUES.search(value):
        raise ValueError(f"`{value!r}` is not a value of a header")
    return b"%b: %b\r\n" % (name, value)


def _status_line(status: int, reason: bytes | None) -> bytes:
    line = _STATUS_LINES.get(status)
    if line is None or status < _FIRST_FINAL:
        raise ValueError(f"`{status}` is not a status of a response")
    if reason is None:
        return line
    if _FORBIDDEN_IN_VALUES.search(reason):
        raise ValueError(f"`{reason!r}` is not a reason phrase")
    return b"HTTP/1.1 %d %b\r\n" % (status, reason)


def _read_length(value: bytes) -> int:
    if not value.isdigit():
        raise ValueError(f"`{value!r}` is not a length")
    return int(value)


def _choose_framing(status: int, method: str, length: int | None, *, is_old: bool) -> Framing:
    if method == "HEAD" or status in _WITHOUT_BODY:
        return "none"
    if length is not None:
        return "length"
    return "close" if is_old else "chunked"
