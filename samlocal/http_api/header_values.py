"""What can be sent as a header: its name, and its value in characters that stand for bytes."""

from __future__ import annotations

from samlocal.header_syntax import HEADER_NAME, NOT_IN_HEADER_VALUES


class HeaderError(ValueError):
    """A header that HTTP does not allow."""


def sendable(name: str, value: str) -> str:
    """Return the value of a header with characters that are bytes: UTF-8, unless it is Latin-1.

    Raises:
        HeaderError: It cannot be sent.
    """
    if not HEADER_NAME.fullmatch(name):
        raise HeaderError(f"`{name}` is not the name of a header")
    if NOT_IN_HEADER_VALUES.search(value):
        raise HeaderError(f"the value of the header `{name}` has control characters")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode(errors="replace").decode("latin-1")
    return value
