"""The peak memory of a container.

The engine's statistics call takes up to a second and, on cgroup v2, does not have the peak. The kernel has
two peaks: that of the container's group, which counts all processes but not the file pages that another
container read before, and that of each process, which counts those pages too. Each may be too low; the
largest is nearest to Lambda's report.

https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
https://man7.org/linux/man-pages/man5/proc_pid_status.5.html (VmHWM)
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.errors import EngineError
from samlocal.sandbox.memory_group import memory_group_in, process_peak

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine
    from samlocal.sandbox.memory_group import MemoryGroup

_MIB: Final = 1024 * 1024
_GROUPS: Final = Path("/sys/fs/cgroup")
_GROUP_PEAKS: Final = ("memory.peak", "memory/memory.max_usage_in_bytes")
# The value without a group: a rootless container has no own group on cgroup v1.
_NO_GROUP: Final = "echo 0"


def memory_group(container_id: str, pid: int) -> MemoryGroup | None:
    """Return the memory group of a container with the process `pid`; None if it is not on this machine.

    Its path must contain the container's id: an ending process is in the root group, and if the engine is
    on another machine, `pid` is another process here.
    """
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if container_id not in path:
            continue
        if controllers == "memory":
            return memory_group_in(_GROUPS / "memory" / path.lstrip("/"), is_unified=False)
        if not controllers and (_GROUPS / "cgroup.controllers").exists():
            return memory_group_in(_GROUPS / path.lstrip("/"), is_unified=True)
    return None


def peak_memory_mb(
    engine: Engine, container_id: str, group: MemoryGroup | None, *, of_group: bool = True
) -> int | None:
    """Return the peak in MiB, rounded up; None if unknown.

    Without `of_group` it is the peak of the largest process, without files in memory.
    """
    if group is None:
        group_peak, process_peak = _in_container(engine, container_id)
    else:
        group_peak, process_peak = group.peak_bytes(), group.process_peak_bytes()
    peak = max(group_peak, process_peak) if of_group else process_peak
    return -(-peak // _MIB) or None


def _in_container(engine: Engine, container_id: str) -> tuple[int, int]:
    """Read the peaks in the container, where its own group is the root of the cgroup file system."""
    unified, old = (f"cat {_GROUPS / name} 2>/dev/null" for name in _GROUP_PEAKS)
    group = f"({unified} || {_NO_GROUP if engine.is_rootless() else old})"
    try:
        _, output = engine.run_in(
            container_id, ["/bin/sh", "-c", f"{group} && cat /proc/[0-9]*/status 2>/dev/null"]
        )
        group_peak, _, statuses = output.partition("\n")
        return int(group_peak), process_peak(statuses)
    except (EngineError, ValueError):  # the container has just ended, or it has no shell
        return 0, 0
