"""How many requests may come: buckets of tokens that fill at a rate.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samlocal.project.apis import RateLimit


class TokenBucket:
    """Gets `rate` tokens a second; a request takes one."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        burst = max(limit.rate, 1.0) if limit.burst is None else float(limit.burst)
        self._capacity = burst if limit.rate else 0.0
        self._tokens = self._capacity
        self._filled: float | None = None

    def take(self, now: float) -> bool:
        """Take a token at a time in seconds; false if there is none.

        Times need not be in order, as requests are not that wait for authorizers: what has been filled is not filled again.
        """
        passed = 0.0 if self._filled is None else max(now - self._filled, 0.0)
        self._filled = now if self._filled is None else max(now, self._filled)
        self._tokens = min(self._tokens + passed * self.limit.rate, self._capacity)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
