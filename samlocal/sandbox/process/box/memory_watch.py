"""The memory of the processes of a sandbox, where no control group counts and limits it.

https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
https://man7.org/linux/man-pages/man5/proc_pid_smaps.5.html (smaps_rollup)
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

_KIB: Final = 1024
_SHORTEST_SECONDS: Final = 0.05
_LONGEST_SECONDS: Final = 0.4
_OWN: Final = (b"RssAnon:", b"RssShmem:")
_PEAK: Final = (b"VmHWM:",)
_SHARES: Final = (b"Pss_Anon:", b"Pss_Shmem:")


class MemoryWatch:
    """Measures processes; `peak` is the most that they have used together, in bytes.

    Memory with the content of files does not count: the kernel takes it back where it is needed.
    """

    def __init__(self, limit: int | None) -> None:
        self.peak = 0
        self.pause_seconds = _SHORTEST_SECONDS
        """When to measure again: later where nothing changes."""
        self._limit = limit
        self._used = 0

    def measure(self, processes: Iterable[int]) -> bool:
        """Measure once; return whether it is more than the limit."""
        numbers = list(processes)
        used = sum(_sum_of(f"/proc/{each}/status", _OWN) for each in numbers)
        if self._limit is not None and used > self._limit and len(numbers) > 1:
            # Processes share memory with those that they fork: count each page once.
            shares = sum(_sum_of(f"/proc/{each}/smaps_rollup", _SHARES) for each in numbers)
            used = shares or used
        self.peak = max(self.peak, used)
        longer = min(2 * self.pause_seconds, _LONGEST_SECONDS)
        self.pause_seconds = longer if used == self._used else _SHORTEST_SECONDS
        self._used = used
        return self._limit is not None and used > self._limit

    def note_peaks(self, processes: Iterable[int]) -> None:
        """Take the peaks that the kernel knows of each process; it counts their files too."""
        for each in processes:
            self.peak = max(self.peak, _sum_of(f"/proc/{each}/status", _PEAK))

    def largest(self, processes: Iterable[int]) -> int | None:
        """Return the process with the most memory."""
        sizes = {each: _sum_of(f"/proc/{each}/status", _OWN) for each in processes}
        return max(sizes, key=lambda each: sizes[each], default=None)


def _sum_of(path: str, names: tuple[bytes, ...]) -> int:
    try:
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        lines = os.read(number, 8192).splitlines()
    except OSError:
        return 0
    finally:
        os.close(number)
    return sum(int(line.split()[1]) for line in lines if line.startswith(names)) * _KIB
