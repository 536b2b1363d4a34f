"""What one API key may still do under a usage plan: a token bucket for its rate, and its quota.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
"""

from __future__ import annotations

from time import gmtime, strftime
from typing import TYPE_CHECKING, Final

from samlocal.http_api.authorization import Refused
from samlocal.http_api.token_bucket import TokenBucket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.project.apis import QuotaPeriod, Route, UsagePlan

# A text that is the same for all times of a period; periods begin at midnight, UTC, and weeks on Sunday.
_PERIODS: Final[Mapping[QuotaPeriod, str]] = {"DAY": "%Y-%m-%d", "WEEK": "%Y-%U", "MONTH": "%Y-%m"}


class UsageLimits:
    """Counts the requests of one key. Nothing is known of those before the start."""

    def __init__(self, plan: UsagePlan) -> None:
        self._plan = plan
        self._period = ""
        self._used = 0
        self._bucket = TokenBucket(plan.rate) if plan.rate else None
        self._of_methods = {name: TokenBucket(limit) for name, limit in plan.methods.items()}

    def take(self, route: Route, now: float) -> Refused | None:
        """Count a request for a route at a Unix time in seconds; return its refusal if there have been too many."""
        bucket = self._of_methods.get(f"{route.path}/{route.method}", self._bucket)
        if bucket is not None and not bucket.take(now):
            rate = bucket.limit.rate
            reason = f"its API key may make {rate:g} requests a second under `{self._plan.name}`"
            return Refused(kind="THROTTLED", reason=reason)
        return self._check_quota(now)

    def _check_quota(self, now: float) -> Refused | None:
        quota = self._plan.quota
        if quota is None:
            return None
        period = strftime(_PERIODS[self._plan.quota_period], gmtime(now))
        if period != self._period:
            self._period, self._used = period, 0
        if self._used >= quota:
            reason = (
                f"its API key has made the {quota} requests a {self._plan.quota_period.lower()}"
                f" that `{self._plan.name}` allows"
            )
            return Refused(kind="QUOTA_EXCEEDED", reason=reason)
        self._used += 1
        return None
