"""How many environments a machine bears."""

from __future__ import annotations

import os
from typing import Final

# An idle environment costs memory only; a busy one needs a part of a CPU.
_BY_CPU: Final = 10
_FEWEST: Final = 10


def environments_by_machine() -> int:
    """Return the default of `--max-environments`: ten for each CPU, at least ten."""
    return max(_FEWEST, _BY_CPU * (os.cpu_count() or 1))
