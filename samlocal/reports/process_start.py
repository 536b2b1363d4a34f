"""When this process started."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

# Counted after the name of the program, which may contain spaces: see proc_pid_stat(5).
_START_TIME: Final = 19


def process_start(process: int | None = None) -> float | None:
    """Return the start of this process, or of another one, in `time.monotonic()` seconds, exact to 10 ms; None except on Linux."""
    with suppress(OSError, ValueError, IndexError):
        stat = Path("/proc", str(process or "self"), "stat")
        fields = stat.read_text().rpartition(")")[2].split()
        since_boot = int(fields[_START_TIME]) / os.sysconf("SC_CLK_TCK")
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - since_boot
        return time.monotonic() - age
    return None
