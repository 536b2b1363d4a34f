"""How many environments a machine can run, and how many starts at once."""

from __future__ import annotations

import os
from typing import Final

# An idle environment costs memory only; a busy one needs a part of a CPU.
_BY_CPU: Final = 10
_FEWEST: Final = 10
# A start keeps a CPU and the engine busy; more of them at once only take longer, each.
_STARTS_BY_CPU: Final = 2
_FEWEST_STARTS: Final = 4


def environments_by_machine() -> int:
    """Return the default of `--max-environments`: ten for each CPU, at least ten."""
    return max(_FEWEST, _BY_CPU * (os.cpu_count() or 1))


def starts_by_machine() -> int:
    """Return how many environments of one function start at once: two for each CPU, at least four."""
    return max(_FEWEST_STARTS, _STARTS_BY_CPU * (os.cpu_count() or 1))
