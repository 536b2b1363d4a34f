"""The ids of connections, messages and requests."""

from __future__ import annotations

import pytest

from samlocal.http_api.websocket.identifiers import is_identifier, new_identifier


def test_new_identifiers() -> None:
    """Each id is new, and has the form of AWS's."""
    ids = {new_identifier() for _ in range(100)}
    assert len(ids) == 100
    assert all(is_identifier(each) for each in ids)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("PJqB0fHsqRcCHlw=", True),
        ("PJqB0E1tKRcF-Qw=", True),
        ("", False),
        ("undefined", False),
        ("PJqB0fHsqRcCHlw", False),
        ("PJqB0fHsqRcCHlw=\n", False),
    ],
)
def test_forms(text: str, *, is_one: bool) -> None:
    """An id has 15 characters of base64 and `=`."""
    assert is_identifier(text) is is_one
