"""The share of the CPU that a function has."""

from __future__ import annotations

from typing import Final

# In each period of 20 ms a function has its share of CPU, as in Lambda:
# https://mustafaakin.dev/posts/2018-01-25-how-does-proportional-cpu-allocation-work-with-aws-lambda/
CPU_PERIOD_US: Final = 20_000
_LEAST_QUOTA_US: Final = 1_000  # the kernel takes no less
# A function has all of the CPU for this long: Lambda too divides the CPU by periods.
UNLIMITED_SECONDS: Final = 0.02


def cpu_quota_us(cpus: float) -> int:
    """Return how long a function with this number of CPUs may run in each period, in microseconds."""
    return max(_LEAST_QUOTA_US, int(cpus * CPU_PERIOD_US))
