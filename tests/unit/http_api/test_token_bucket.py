"""Limits of how many requests may come in a time."""

from __future__ import annotations

import pytest

from samlocal.http_api.token_bucket import TokenBucket
from samlocal.project.apis import RateLimit


@pytest.mark.parametrize(
    ("limit", "times", "taken"),
    [
        pytest.param(RateLimit(rate=2), (0, 0, 0, 0.5, 0.5), "yynyn", id="rate"),
        pytest.param(RateLimit(rate=0.5), (0, 1, 2), "yny", id="slow"),
        pytest.param(RateLimit(rate=1, burst=3), (0, 0, 0, 0, 1, 1), "yyynyn", id="burst"),
        pytest.param(RateLimit(rate=1, burst=2), (0, 0, 9, 9, 9), "yyyyn", id="no more than burst"),
        pytest.param(RateLimit(rate=1, burst=2), (9, 5, 9, 9), "yynn", id="times out of order"),
        pytest.param(RateLimit(rate=0, burst=2), (0, 9), "nn", id="none"),
        pytest.param(RateLimit(rate=1, burst=0), (0, 9), "nn", id="no burst"),
    ],
)
def test_tokens(limit: RateLimit, times: tuple[float, ...], taken: str) -> None:
    """A request takes a token, which comes back at the rate, up to the burst."""
    bucket = TokenBucket(limit)
    assert "".join("y" if bucket.take(each) else "n" for each in times) == taken
