"""Times of day for times of `time.monotonic()`."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def wall_time(monotonic: float) -> datetime:
    """Return the time of day, in UTC, of a time in `time.monotonic()` seconds."""
    return datetime.fromtimestamp(time.time() - (time.monotonic() - monotonic), UTC)
