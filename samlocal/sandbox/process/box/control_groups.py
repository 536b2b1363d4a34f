"""The control groups that limit the processes of a sandbox, where this user may make them.

https://docs.kernel.org/admin-guide/cgroup-v2.html
https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Final

_ROOT: Final = "/sys/fs/cgroup"
# A group can be removed a moment after its last process has ended.
_ATTEMPTS: Final = 50
_PAUSE_SECONDS: Final = 0.01


class ControlGroups:
    """Groups with the name of one sandbox; `folders` are those by controller: memory, cpu, pids."""

    def __init__(
        self, folders: dict[str, str] | None = None, entrances: list[int] | None = None
    ) -> None:
        self.folders = folders or {}
        self.entrances = entrances or []
        """The open files that processes enter the groups by."""

    @property
    def is_unified(self) -> bool:
        """Whether the memory group is one of cgroup v2."""
        return "memory" in self.folders and os.path.exists(f"{self.folders['memory']}/memory.max")

    def make(self, name: str, *, memory: int | None, processes: int | None) -> None:
        """Make the groups that are possible, and set their limits."""
        for controller, parent in parents().items():
            folder = f"{parent}/{name}"
            try:
                os.mkdir(folder)
            except FileExistsError:  # several controllers share it
                pass
            except OSError:
                continue
            self.folders[controller] = folder
        try:
            self._limit(memory, processes)
            for folder in sorted(set(self.folders.values())):
                entrance = os.open(f"{folder}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
                self.entrances.append(entrance)
        except OSError:
            self.close()
            self.remove()

    def _limit(self, memory: int | None, processes: int | None) -> None:
        if memory is not None and (folder := self.folders.get("memory")):
            if self.is_unified:
                _write(f"{folder}/memory.max", memory)
                _write_if_possible(f"{folder}/memory.swap.max", 0)
            else:
                _write(f"{folder}/memory.limit_in_bytes", memory)
                _write_if_possible(f"{folder}/memory.memsw.limit_in_bytes", memory)
        if processes is not None and (folder := self.folders.get("pids")):
            _write(f"{folder}/pids.max", processes)

    def add(self, process: int, descendants: Callable[[int], Iterable[int]]) -> None:
        """Move a running process into the groups, with those that it has started meanwhile.

        The kernel takes ten milliseconds for the first move. Waiting for that would make each start as much
        slower. What a program uses in its first milliseconds is not counted.
        """
        moved: set[int] = set()
        while new := {process, *descendants(process)} - moved:
            for each in new:
                self._move(each)
            moved |= new

    def _move(self, process: int) -> None:
        for entrance in self.entrances:
            try:
                os.write(entrance, b"%d" % process)
            except (
                OSError
            ):  # it has ended, or has a real-time priority, which groups for the CPU refuse
                continue

    def close(self) -> None:
        """Close what is open to enter the groups."""
        for entrance in self.entrances:
            os.close(entrance)
        self.entrances = []

    def remove(self) -> None:
        """Remove the groups, whose processes have ended."""
        for folder in set(self.folders.values()):
            remove_group(folder)
        self.folders = {}


def remove_group(folder: str) -> None:
    """Remove a control group, whose processes have ended or are about to."""
    for _ in range(_ATTEMPTS):
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def parents() -> dict[str, str]:
    """Return the folder in which a group can be made, for each controller."""
    try:
        with open("/proc/self/cgroup", encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            found.update(_unified_parents(path))
            continue
        for controller in {"memory", "cpu", "pids"}.intersection(controllers.split(",")):
            root = f"{_ROOT}/{controllers}"
            own = root + path
            folder = own if os.path.isdir(own) else root
            if os.access(folder, os.W_OK):
                found[controller] = folder.rstrip("/")
    return found


def _unified_parents(path: str) -> dict[str, str]:
    """Return the nearest group above this process's in which others can have limits.

    A group with processes has no groups with limits in it, and this process's has one.
    """
    if not os.path.exists(f"{_ROOT}/cgroup.controllers"):
        return {}
    folder = os.path.dirname(path.rstrip("/")) if path != "/" else "/"
    while True:
        present = (_ROOT + folder).rstrip("/")
        try:
            with open(f"{present}/cgroup.subtree_control", encoding="ascii") as file:
                controllers = file.read().split()
            writable = os.access(present, os.W_OK) and os.access(f"{present}/cgroup.procs", os.W_OK)
        except OSError:
            controllers, writable = [], False
        if writable and "memory" in controllers:
            return dict.fromkeys({"memory", "cpu", "pids"}.intersection(controllers), present)
        if folder == "/":
            return {}
        folder = os.path.dirname(folder)


def _write(path: str, value: int) -> None:
    number = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(number, b"%d" % value)
    finally:
        os.close(number)


def _write_if_possible(path: str, value: int) -> None:
    try:
        _write(path, value)
    except OSError:  # without swap accounting
        return
