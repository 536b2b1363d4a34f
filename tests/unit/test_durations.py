"""Durations in options."""

from __future__ import annotations

import pytest

from samlocal.durations import parse_duration
from samlocal.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("300", 300),
        ("90s", 90),
        ("5m", 300),
        ("5M", 300),
        ("1.5h", 5400),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("250ms", 0.25),
        ("2d", 172_800),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    """A duration is a number of seconds, or numbers with units that are added."""
    assert parse_duration(text, "--idle-timeout") == seconds


@pytest.mark.parametrize("text", ["", "m", "-5m", "5 minutes", "1e9s", "5m3", "٣s", "inf", "1.5"])
def test_what_is_no_duration(text: str) -> None:
    """Anything else is an error that names option and value."""
    with pytest.raises(UsageError) as caught:
        parse_duration(text, "--idle-timeout")
    assert caught.value.message == f"`--idle-timeout {text}` is not a duration"
    assert caught.value.hint == "for example `90s`, `5m` or `1h30m`"
