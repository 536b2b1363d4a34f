"""What can be sent as a header: its name, and its value in characters that stand for bytes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from samlocal.header_syntax import HEADER_NAME, NOT_IN_HEADER_VALUES

if TYPE_CHECKING:
    from collections.abc import Iterable

_log: Final = logging.getLogger("samlocal.endpoint")


class HeaderError(ValueError):
    """A header that HTTP does not allow."""


def sendable(name: str, value: str) -> str:
    """Return the value of a header without spaces around it, and with characters that are bytes: UTF-8, unless it is Latin-1.

    Raises:
        HeaderError: It cannot be sent.
    """
    if not HEADER_NAME.fullmatch(name):
        raise HeaderError(f"`{name}` is not the name of a header")
    if NOT_IN_HEADER_VALUES.search(value):
        raise HeaderError(f"the value of the header `{name}` has control characters")
    stripped = value.strip(" \t")
    if stripped.isascii():
        return stripped
    try:
        stripped.encode("latin-1")
    except UnicodeEncodeError:
        return stripped.encode(errors="replace").decode("latin-1")
    return stripped


def sendable_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return headers as `sendable` does, without those that cannot be sent, which the log names.

    A template has none, but the values that a client or a back end gives to mappings may make some.
    """
    found = []
    for name, value in headers:
        try:
            found.append((name, sendable(name, value)))
        except HeaderError:
            shown = ascii(name)[1:-1]
            _log.error("skipping the header `%s`: HTTP does not allow its name or value", shown)
    return found


def encode_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Return headers as bytes.

    Raises:
        UnicodeEncodeError: One has a character that HTTP cannot send.
    """
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def decode_headers(pairs: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """Return headers as text."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs)
