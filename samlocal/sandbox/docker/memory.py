"""How much memory a container has used at most.

The engine's statistics call takes up to a second and, on cgroup v2, doesn't know the peak. The
kernel knows two: that of the container's group, which counts every process but not the file pages
that another container has read before, and that of the runtime's own process, which counts those
too. Either may be too low; the larger is nearer to what Lambda would report.

https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
https://man7.org/linux/man-pages/man5/proc_pid_status.5.html (VmHWM)
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.errors import EngineError

if TYPE_CHECKING:
    from samlocal.sandbox.docker.engine import Engine

_KIB: Final = 1024
_MIB: Final = 1024 * 1024
_GROUP_PEAKS: Final = ("memory.peak", "memory/memory.max_usage_in_bytes")
# What is as good as no group: a rootless container has none of its own on cgroup v1.
_NO_GROUP: Final = "echo 0"
_KILLS: Final = re.compile(r"^oom_kill [1-9]", re.MULTILINE)
_PROCESS_PEAK: Final = re.compile(r"^VmHWM:\s*(\d+) kB$", re.MULTILINE)


def peak_memory_mb(
    engine: Engine, container_id: str, pid: int, *, of_group: bool = True
) -> int | None:
    """Return the peak in MiB, rounded up; None where neither the host nor the container tells.

    Without `of_group` it is that of the runtime's process alone, and of no file in memory.
    """
    peaks = _on_host(container_id, pid) or _in_container(engine, container_id)
    if peaks is None:
        return None
    group_peak, process_peak = peaks
    peak = max(group_peak, process_peak) if of_group else process_peak
    return -(-peak // _MIB) if peak else None


def kill_counter(container_id: str, pid: int) -> Path | None:
    """Return the file in which this machine's kernel counts those whom it killed for their memory.

    It goes with the container, and is None where the container isn't on this machine.
    """
    try:
        groups = Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return None
    for line in groups.splitlines() if container_id in groups else ():
        _, controllers, path = line.split(":", 2)
        if controllers == "memory":
            return Path(f"/sys/fs/cgroup/memory{path}/memory.oom_control")
        if not controllers and Path("/sys/fs/cgroup/cgroup.controllers").exists():
            return Path(f"/sys/fs/cgroup{path}/memory.events")
    return None


def has_killed(counter: Path) -> bool:
    """Tell whether the kernel has killed anybody in the group of that counter, while it is there."""
    try:
        return _KILLS.search(counter.read_text()) is not None
    except OSError:
        return False


def _on_host(container_id: str, pid: int) -> tuple[int, int] | None:
    """Ask this machine's kernel, where the process really is one of the container's."""
    process = Path(f"/proc/{pid}")
    try:
        groups = (process / "cgroup").read_text()
        if container_id not in groups:
            return None
        return _group_peak(groups), _process_peak((process / "status").read_text())
    except (OSError, ValueError):
        return None


def _group_peak(groups: str) -> int:
    """Read the peak of the group that a `/proc/PID/cgroup` names, of either version."""
    for line in groups.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "memory":
            return int(Path(f"/sys/fs/cgroup/memory{path}/memory.max_usage_in_bytes").read_text())
        unified = Path(f"/sys/fs/cgroup{path}/memory.peak")
        if not controllers and unified.exists():
            return int(unified.read_text())
    raise ValueError(groups)


def _process_peak(status: str) -> int:
    found = _PROCESS_PEAK.search(status)
    return int(found[1]) * _KIB if found else 0


def _in_container(engine: Engine, container_id: str) -> tuple[int, int] | None:
    """Ask inside: a container sees its own group at the root of the file system of groups."""
    unified, old = (f"cat /sys/fs/cgroup/{name} 2>/dev/null" for name in _GROUP_PEAKS)
    command = f"({unified} || {_NO_GROUP if engine.is_rootless() else old}) && cat /proc/1/status"
    try:
        _, output = engine.run_in(container_id, ["/bin/sh", "-c", command])
        group_peak, _, status = output.partition("\n")
        return int(group_peak), _process_peak(status)
    except (EngineError, ValueError):  # the container has just ended, or it has no shell
        return None
