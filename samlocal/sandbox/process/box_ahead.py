"""A box that starts before it is known what it holds, while the command reads its project."""

from __future__ import annotations

from samlocal.sandbox.process.box_process import BoxProcess

_ahead: list[BoxProcess] = []


def start_box_ahead() -> None:
    """Start the box of the next sandbox. Without one, it ends with this process."""
    _ahead.append(BoxProcess())


def take_box() -> BoxProcess:
    """Return the box that was started ahead, else a new one."""
    return _ahead.pop() if _ahead else BoxProcess()
