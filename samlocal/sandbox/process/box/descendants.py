"""Finds and kills all processes that a process has started, directly or not."""

from __future__ import annotations

import os
import sys
import time

from .signals import signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

_PAUSE_SECONDS: Final = 0.002
# The unit of `ru_maxrss`: https://man7.org/linux/man-pages/man2/getrusage.2.html
_PEAK_BYTES: Final = 1024 if sys.platform == "linux" else 1


def kill_all(known: set[int], reaped: Callable[[int, int, int], None], *, is_first: bool) -> None:
    """Kill all descendants of this process, which adopts orphans; return when all have ended.

    `known` are the leaders of sessions, for systems that do not tell the descendants. `is_first` tells whether
    this is process 1 of a PID namespace. `reaped` is called with the number of each child, its status,
    and its peak memory in bytes.
    """
    while True:
        if is_first:
            _kill(-1)
        else:
            for group in known:
                _kill(-group)
            for number in descendants():
                _kill(number)
        if not reap(reaped, until_none=is_first):
            return
        time.sleep(_PAUSE_SECONDS)


def reap(reaped: Callable[[int, int, int], None], *, until_none: bool = False) -> bool:
    """Take the statuses of children that have ended; return whether there are others.

    With `until_none`, wait for all.
    """
    while True:
        try:
            number, status, usage = os.wait4(-1, 0 if until_none else os.WNOHANG)
        except ChildProcessError:
            return False
        if number == 0:
            return True
        reaped(number, status, usage.ru_maxrss * _PEAK_BYTES)


def descendants(process: int | None = None) -> list[int]:
    """Return the descendants of a process, of this one by default; none where there is no /proc."""
    ancestor = os.getpid() if process is None else process
    children = _children_of(ancestor)
    if children is None:
        return _descendants_by_parent(ancestor)
    found: list[int] = []
    while children:
        found += children
        children = [child for each in children for child in _children_of(each) or ()]
    return found


def _children_of(number: int) -> list[int] | None:
    """Return the children of a process; None if it has ended, or the kernel does not tell."""
    folder = f"/proc/{number}/task"
    found = []
    try:
        for thread in os.listdir(folder):
            with open(f"{folder}/{thread}/children", "rb") as file:
                found += file.read().split()
    except OSError:
        return None
    return [int(each) for each in found]


def _descendants_by_parent(ancestor: int) -> list[int]:
    """Return the descendants of a process by the parents of all processes."""
    parents: dict[int, list[int]] = {}
    try:
        names = [each for each in os.listdir("/proc") if each.isdecimal()]
    except OSError:
        return []
    for name in names:
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:  # it has just ended
            continue
        parents.setdefault(int(fields[1]), []).append(int(name))
    found: list[int] = []
    waiting = [ancestor]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def _kill(number: int) -> None:
    try:
        os.kill(number, signals.SIGKILL)
    except OSError:  # it has ended
        return
