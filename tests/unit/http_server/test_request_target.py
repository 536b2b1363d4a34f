"""Targets of requests."""

from __future__ import annotations

import pytest

from samlocal.http_server.request_target import split_target


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        (b"/", (b"/", b"")),
        (b"/?", (b"/", b"")),
        (b"/a%2fb?c=d?e&f=/", (b"/a%2fb", b"c=d?e&f=/")),
        (b"//host/a", (b"//host/a", b"")),
        (b"/a#fragment?no", (b"/a", b"")),
        (b"*", (b"*", b"")),
        (b"https://host:1/a/b?c", (b"/a/b", b"c")),
        (b"http://host", (b"/", b"")),
    ],
)
def test_targets(target: bytes, parts: tuple[bytes, bytes]) -> None:
    """Path and query stay as they are written; a host is left out."""
    assert split_target(target) == parts


@pytest.mark.parametrize("target", [b"", b"a", b"host:443", b"ftp://host/a", b"?a"])
def test_what_is_not_a_target(target: bytes) -> None:
    """A proxy's target, or none at all, is refused."""
    with pytest.raises(ValueError, match="is not a request target"):
        split_target(target)
