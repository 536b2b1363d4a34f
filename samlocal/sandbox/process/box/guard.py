"""The first process of a box: it isolates a supervisor, outlives it, and removes what it leaves."""

from __future__ import annotations

import _socket
import os
import sys
import time

from . import kernel
from .control_groups import ControlGroups
from .descendants import kill_all
from .file_trees import remove_tree
from .leftovers import make_folder, remove_leftovers
from .memory_watch import MemoryWatch
from .messages import CONTROL
from .programs import Starter
from .signals import signals
from .supervisor import Channel, Supervisor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

_MOST_FILES: Final = 1 << 16


def main() -> None:
    """Run the box whose control socket is open."""
    os.closerange(CONTROL + 1, _MOST_FILES)
    os.set_inheritable(CONTROL, False)
    channel = Channel(_socket.socket(fileno=CONTROL))
    messages: list[tuple[Any, ...]] = []
    while not messages:
        received = channel.receive()
        if received is None:
            return
        messages = received
    (_, setup), *commands = messages
    guard = Guard(setup, channel)
    try:
        guard.isolate()
        guard.run(commands)
    except OSError as error:
        channel.send("failed", _reason(error))
    finally:
        guard.remove()
    channel.send("ended")
    channel.close()
    try:
        remove_leftovers(setup["folder"])
    finally:
        os._exit(0)  # the end of an interpreter takes milliseconds


def supervise() -> None:
    """Run the supervisor in namespaces that another program has made."""
    from .bubblewrap import take_state

    state = take_state(int(sys.argv[2]))
    channel = Channel(_socket.socket(fileno=CONTROL), state["rest"])
    channel.outputs = state["outputs"]
    groups = ControlGroups(state["groups"], state["entrances"])
    for number in (CONTROL, state["ended"], *state["outputs"], *state["entrances"]):
        os.set_inheritable(number, False)
    _run_supervisor(channel, state["setup"], groups, state["ended"], state["commands"])
    os._exit(0)


def _run_supervisor(
    channel: Channel,
    setup: dict[str, Any],
    groups: ControlGroups,
    guard: int,
    commands: list[tuple[Any, ...]],
) -> None:
    """Run the supervisor, in the namespaces that it is in, until it has nothing more to do."""
    starter = Starter(open_files=setup["open_files"], privileges=not setup["strict"])
    watch = None if "memory" in groups.folders else MemoryWatch(setup["memory_bytes"])
    channel.send("ready", groups.folders, groups.is_unified, time.monotonic())
    supervisor = Supervisor(
        channel, starter, groups, guard=guard, is_first=setup["namespaces"], watch=watch
    )
    supervisor.run(CONTROL, commands)


class Guard:
    """The isolation of one sandbox, as `setup` asks for it."""

    def __init__(self, setup: dict[str, Any], channel: Channel) -> None:
        self._setup = setup
        self._channel = channel
        self._groups = ControlGroups()
        self._folder: str = setup["folder"]
        self._is_isolated: bool = setup["namespaces"]

    def isolate(self) -> None:
        """Make the folder, the control groups and the namespaces.

        Raises:
            OSError: The kernel refuses the namespaces.
        """
        setup = self._setup
        make_folder(self._folder)
        self._groups.make(setup["name"], memory=setup["memory_bytes"], processes=setup["processes"])
        if self._is_isolated and not setup["wrapper"]:
            flags = kernel.NEW_PIDS | kernel.NEW_IPC
            user, group = os.geteuid(), os.getegid()
            if setup["user"] is not None:
                flags |= kernel.NEW_USER
            kernel.unshare(flags)
            if setup["user"] is not None:
                inner_user, inner_group = setup["user"]
                _write("/proc/self/setgroups", "deny")
                _write("/proc/self/uid_map", f"{inner_user} {user} 1")
                _write("/proc/self/gid_map", f"{inner_group} {group} 1")
        elif sys.platform == "linux":
            kernel.adopt_orphans()

    def run(self, commands: list[tuple[Any, ...]]) -> None:
        """Run the supervisor to its end, and kill what it has left."""
        ended, alive = os.pipe()
        supervisor = os.fork()
        if supervisor == 0:
            try:
                os.close(alive)
                self._supervise(ended, commands)
            finally:
                os._exit(0)
        self._channel.send("supervisor", supervisor)
        os.close(ended)
        self._groups.close()
        for number in self._channel.outputs:
            os.close(number)
        while True:
            number, status = os.waitpid(-1, 0)
            if number == supervisor:
                break
        if status:  # of a wrapper that has not executed the supervisor
            self._channel.send("failed", f"{self._setup['wrapper']}: exit status {status >> 8}")
        if not self._is_isolated:
            kill_all(set(), lambda *_: None, is_first=False)

    def _supervise(self, ended: int, commands: list[tuple[Any, ...]]) -> None:
        setup = self._setup
        try:
            if setup["wrapper"]:
                self._wrap(ended, commands)
            elif self._is_isolated:
                kernel.die_with_parent(signals.SIGKILL)
                self._enter(setup)
            elif sys.platform == "linux":
                kernel.adopt_orphans()
            _run_supervisor(self._channel, setup, self._groups, ended, commands)
        except OSError as error:
            self._channel.send("failed", _reason(error))
        except Exception as error:  # noqa: BLE001  # a defect of samlocal, which tells the user
            self._channel.send("failed", repr(error))

    def _wrap(self, ended: int, commands: list[tuple[Any, ...]]) -> None:
        from .bubblewrap import become_wrapped

        kernel.die_with_parent(signals.SIGKILL)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        outputs, entrances = self._channel.outputs, self._groups.entrances
        state = {
            "setup": self._setup,
            "commands": commands,
            "rest": self._channel.rest,
            "ended": ended,
            "outputs": outputs,
            "entrances": entrances,
            "groups": self._groups.folders,
        }
        inherited = [CONTROL, ended, *outputs, *entrances]
        become_wrapped(self._setup["wrapper"], self._setup, self._folder, state, inherited)

    def _enter(self, setup: dict[str, Any]) -> None:
        from .capabilities import drop_capabilities
        from .view import view

        kernel.unshare(kernel.NEW_MOUNTS)
        view(setup, self._folder)
        drop_capabilities(keeps=os.geteuid() == 0)

    def remove(self) -> None:
        """Remove the control groups and the folder."""
        self._groups.close()
        self._groups.remove()
        remove_tree(self._folder)


def _write(path: str, text: str) -> None:
    number = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(number, text.encode())
    finally:
        os.close(number)


def _reason(error: OSError) -> str:
    """Return what was refused, and why: `unshare: Operation not permitted`."""
    return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
