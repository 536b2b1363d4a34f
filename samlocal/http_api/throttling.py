"""The limits of a stage for one of its routes, whoever sends the requests.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.http_api.authorization import Refused
from samlocal.http_api.token_bucket import TokenBucket
from samlocal.project.apis import ANY_METHOD

if TYPE_CHECKING:
    from samlocal.project.apis import Route


class Throttle:
    """Counts the requests for a route with limits. Nothing is known of those before the start."""

    def __init__(self, route: Route) -> None:
        self._place = route.place
        self._buckets = {method: TokenBucket(limit) for method, limit in route.limits.items()}

    def take(self, method: str, now: float) -> Refused | None:
        """Count a request with a method at a Unix time in seconds; return its refusal if there have been too many."""
        bucket = self._buckets.get(method) or self._buckets.get(ANY_METHOD)
        if bucket is None or bucket.take(now):
            return None
        reason = f"its route takes {bucket.limit.rate:g} requests a second (`ThrottlingRateLimit`)"
        return Refused(kind="THROTTLED", reason=reason, place=self._place)
