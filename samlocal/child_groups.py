"""The process groups that end with this process, which ends without Python's own shutdown.

They end by themselves too, a moment later, if this process is killed.
"""

import os
from typing import Final

_leaders: Final[dict[int, int]] = {}  # and the process that started them: a fork has none


def add_group(leader: int) -> None:
    """Let a process group end with this process."""
    _leaders[leader] = os.getpid()


def remove_group(leader: int) -> None:
    """Forget a process group, before its leader is waited for."""
    _leaders.pop(leader, None)


def end_groups() -> None:
    """Kill all of them; a handler of a signal may call this."""
    for leader, parent in tuple(_leaders.items()):
        if parent == os.getpid():
            try:
                os.killpg(leader, 9)
                os.waitpid(leader, 0)
            except OSError:  # somebody else has waited for it
                continue
