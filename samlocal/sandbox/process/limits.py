"""The control groups of a box, as the kernel tells about them on this machine."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.sandbox.cpu_limit import CPU_PERIOD_US, cpu_quota_us
from samlocal.sandbox.memory_group import memory_group_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.sandbox.memory_group import MemoryGroup


class Limits:
    """The limits of a box with control groups in `folders`, by controller; without any there are none."""

    def __init__(self, folders: Mapping[str, str], *, is_unified: bool) -> None:
        self.folders = frozenset(folders.values())
        self.memory: MemoryGroup | None = None
        self._cpu = folders.get("cpu")
        if folder := folders.get("memory"):
            self.memory = memory_group_in(Path(folder), is_unified=is_unified)

    def limit_cpu(self, cpus: float) -> None:
        """Let the processes have no more than this number of CPUs, where that is possible."""
        if self._cpu is None:
            return
        folder, quota = Path(self._cpu), cpu_quota_us(cpus)
        with suppress(OSError):  # the box has just ended
            if (folder / "cpu.max").exists():
                (folder / "cpu.max").write_text(f"{quota} {CPU_PERIOD_US}")
            else:
                (folder / "cpu.cfs_period_us").write_text(str(CPU_PERIOD_US))
                (folder / "cpu.cfs_quota_us").write_text(str(quota))

    def oom_kills(self) -> int:
        """Return how many processes the kernel has killed for their memory so far."""
        return self.memory.oom_kills() if self.memory else 0

    def close(self) -> None:
        """Close what is open about the groups."""
        if self.memory:
            self.memory.files.close()
