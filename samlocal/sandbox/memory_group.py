"""The memory that a control group counts, and the largest of its processes.

https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
https://man7.org/linux/man-pages/man5/proc_pid_status.5.html (VmHWM)
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import field
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.sandbox.kernel_files import KernelFiles

if TYPE_CHECKING:
    from pathlib import Path

_KIB: Final = 1024
_KILLS: Final = re.compile(r"^oom_kill (\d+)", re.MULTILINE)
_PROCESS_PEAK: Final = re.compile(r"^VmHWM:\s*(\d+) kB$", re.MULTILINE)


@frozen
class MemoryGroup:
    """The kernel's files about the memory of a control group, which disappear with it.

    Those of the peak stay open in `files`, because they are read after each invocation.
    """

    folder: Path
    peak: str
    kills: str
    files: KernelFiles = field(default_factory=KernelFiles, repr=False, compare=False)

    def oom_kills(self) -> int:
        """Return how many processes of the group the kernel has killed for their memory so far."""
        with suppress(OSError):
            if found := _KILLS.search((self.folder / self.kills).read_text()):
                return int(found[1])
        return 0

    def peak_bytes(self) -> int:
        """Return the peak of the group; 0 if unknown (cgroup v2 before Linux 5.19)."""
        with suppress(OSError, ValueError):
            return int(self.files.read(f"{self.folder}/{self.peak}"))
        return 0

    def process_peak_bytes(self) -> int:
        """Return the largest peak of the running processes."""
        with suppress(OSError):
            processes = self.files.read(f"{self.folder}/cgroup.procs").split()
            return process_peak(self._statuses(processes))
        return 0

    def _statuses(self, processes: list[str]) -> str:
        paths = [f"/proc/{process}/status" for process in processes]
        self.files.close_others(f"{self.folder}/", paths)
        texts = []
        for path in paths:
            with suppress(OSError):  # it has just ended
                texts.append(self.files.read(path))
        return "".join(texts)


def memory_group_in(folder: Path, *, is_unified: bool) -> MemoryGroup:
    """Return the group of a folder; `is_unified` tells whether it is one of cgroup v2."""
    return MemoryGroup(
        folder=folder,
        peak="memory.peak" if is_unified else "memory.max_usage_in_bytes",
        kills="memory.events" if is_unified else "memory.oom_control",
    )


def process_peak(statuses: str) -> int:
    """Return the largest peak in `/proc/PID/status` texts, in bytes."""
    return max((int(each) for each in _PROCESS_PEAK.findall(statuses)), default=0) * _KIB
