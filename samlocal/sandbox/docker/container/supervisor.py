"""What supervises the processes in a container, and carries out commands about them.

A `GROUP` is the process group of an extension; None means the runtime. All calls return at once.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING, Final, Protocol

from samlocal.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.engine.engine import Engine

_log = logging.getLogger(__name__)

# Only where the supervisor is process 1 of the PID namespace, as its script's first line shows.
_SIGNAL_ALL: Final = """\
IFS= read -r line </proc/1/cmdline
case $line in *"$0"*) kill "-$1" -1 ;; esac
"""


class Supervisor(Protocol):
    """Process 1 of a container."""

    can_restart: bool
    listens: bool
    """Whether it gets commands through its input, also while the runtime runs."""

    def start(self) -> None:
        """Run the runtime; without commands, kill what the last one has left behind before."""

    def terminate(self, group: int | None) -> None:
        """Send SIGTERM to a process and its children."""

    def kill(self, group: int | None) -> None:
        """Send SIGKILL to a process and its children."""

    def clear(self) -> None:
        """Send SIGKILL to all processes but process 1."""

    @property
    def can_mark(self) -> bool:
        """Whether it writes marks."""

    def mark(self, group: int | None) -> None:
        """Write a mark to the output of a process."""


class ShellSupervisor:
    """The shell that runs `supervisor_script` and gets commands, or runs `single_script` and has no input.

    If nothing `listens` for commands, the runtime gets signals through the engine's `exec`. A shell that
    `can_restart` is process 1; otherwise it does not survive SIGKILL to its process group.
    """

    def __init__(
        self,
        engine: Engine,
        container_id: str,
        token: str,
        *,
        send: Callable[[bytes], None] | None,
        listens: bool,
        can_restart: bool,
    ) -> None:
        self.can_restart = can_restart
        self.listens = listens
        self._engine = engine
        self._container_id = container_id
        self._token = token
        self._send = send
        self._sending = Lock()
        self._signals: list[Thread] = []

    def start(self) -> None:
        if self._send:
            self._command("start")
        else:
            _soon(self._start_single)

    def terminate(self, group: int | None) -> None:
        self._signal("term", "TERM", group)

    def kill(self, group: int | None) -> None:
        if group is None and not self.can_restart:
            _soon(kill_container, self._engine, self._container_id)
        else:
            self._signal("kill", "KILL", group)

    def clear(self) -> None:
        if self.can_restart:
            self._signal("clear", "KILL", None)
        else:
            _soon(kill_container, self._engine, self._container_id)

    @property
    def can_mark(self) -> bool:
        return self.listens

    def mark(self, group: int | None) -> None:
        self._command("mark", group)

    def _signal(self, command: str, name: str, group: int | None) -> None:
        if self.listens:
            self._command(command, group)
        else:
            sending = Thread(target=self._execute, args=(name,), daemon=True)
            sending.start()
            self._signals.append(sending)

    def _start_single(self) -> None:
        for each in self._signals:  # a late signal would end the next runtime
            each.join()
        kill_container(self._engine, self._container_id, "SIGUSR1")

    def _command(self, command: str, group: int | None = None) -> None:
        line = command if group is None else f"{command} {group}"
        # A listener that the function has killed may still take one byte: the first newline.
        with suppress(OSError), self._sending:  # the container has ended
            if self._send:
                self._send(f"\n{line}\n".encode())

    def _execute(self, signal: str) -> None:
        command = ["/bin/sh", "-c", _SIGNAL_ALL, self._token, signal]
        try:
            self._engine.run_in(self._container_id, command)
        except EngineError as error:  # the container has ended, or has no room for a process
            _log.debug("SIG%s was not sent: %s", signal, error.message)


class InitSupervisor:
    """The engine's init, in a container without a shell, which ends with the runtime.

    There is no way to signal an extension alone.
    """

    can_restart = False
    listens = False

    def __init__(self, engine: Engine, container_id: str) -> None:
        self._engine = engine
        self._container_id = container_id

    def start(self) -> None:
        """Nothing to do: the runtime started with the container."""

    def terminate(self, group: int | None) -> None:
        if group is None:
            _soon(kill_container, self._engine, self._container_id, "SIGTERM")

    def kill(self, group: int | None) -> None:
        del group
        self.clear()

    def clear(self) -> None:
        _soon(kill_container, self._engine, self._container_id)

    @property
    def can_mark(self) -> bool:
        return False

    def mark(self, group: int | None) -> None:
        """It writes none."""


def kill_container(engine: Engine, container_id: str, signal: str = "SIGKILL") -> None:
    """Send a signal to process 1 of a container, which may have ended."""
    with suppress(EngineError), engine.translated_errors():
        engine.api.kill(container_id, signal)


def _soon(call: Callable[..., None], *arguments: object) -> None:
    Thread(target=call, args=arguments, daemon=True).start()
