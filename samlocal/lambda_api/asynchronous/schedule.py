"""When an event is tried again, and the clock that this is measured with.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

# After the first error of a function, and after the second.
RETRY_SECONDS: Final = (60.0, 120.0)
_FIRST_BACKOFF_SECONDS: Final = 1.0
_LONGEST_BACKOFF_SECONDS: Final = 300.0
_MAX_DOUBLINGS: Final = 10


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    """The part of an event loop that tells the time, in seconds, and calls back."""

    def time(self) -> float: ...

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer: ...


def retry_seconds(attempts: int) -> float:
    """Return the wait after so many errors of the function."""
    return RETRY_SECONDS[min(attempts, len(RETRY_SECONDS)) - 1]


def backoff_seconds(refusals: int) -> float:
    """Return the wait after an event could not run so many times in a row: 1 s, 2 s, 4 s, up to 5 min."""
    doublings = min(refusals - 1, _MAX_DOUBLINGS)
    return min(_FIRST_BACKOFF_SECONDS * (1 << doublings), _LONGEST_BACKOFF_SECONDS)
