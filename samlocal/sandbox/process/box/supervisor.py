"""Starts, signals and watches the programs of a sandbox, as samlocal tells it to."""

from __future__ import annotations

import _socket
import os
import select
import sys
import time

from .descendants import descendants, kill_all, reap
from .messages import Unpacker, pack
from .programs import NotExecutedError
from .signals import signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from .control_groups import ControlGroups
    from .memory_watch import MemoryWatch
    from .programs import Starter

_RECEIVE: Final = 1 << 16
_MOST_OUTPUTS: Final = 16
_NUMBER: Final = 4


class Channel:
    """The connection to samlocal, of which messages and file descriptors come.

    `rest` is the part of a message that another program has received before it executed this one.
    """

    def __init__(self, control: _socket.socket, rest: bytes = b"") -> None:
        self._control = control
        self._unpacker = Unpacker(rest)
        self.outputs: list[int] = []

    @property
    def rest(self) -> bytes:
        """The beginning of a message whose end has not arrived."""
        return self._unpacker.rest

    def receive(self) -> list[tuple[Any, ...]] | None:
        """Return the next messages; None if samlocal has ended."""
        size = _socket.CMSG_SPACE(_MOST_OUTPUTS * _NUMBER)
        try:
            data, ancillary, _, _ = self._control.recvmsg(_RECEIVE, size)
        except OSError:
            return None
        for level, kind, content in ancillary:
            if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS):
                for start in range(0, len(content), _NUMBER):
                    number = int.from_bytes(content[start : start + _NUMBER], sys.byteorder)
                    os.set_inheritable(number, False)
                    self.outputs.append(number)
        return self._unpacker.take(data) if data else None

    def close(self) -> None:
        """Let samlocal see the end of the messages."""
        self._control.close()

    def send(self, *message: object) -> None:
        """Tell samlocal something, unless it has ended."""
        try:
            self._control.sendall(pack(message))
        except OSError:
            return


class Supervisor:
    """The programs by their identifiers, which samlocal gives them.

    `guard` is a pipe that ends with the guard. `is_first` tells whether this is process 1 of a PID namespace.
    `watch` measures the memory where no control group does.
    """

    def __init__(
        self,
        channel: Channel,
        starter: Starter,
        groups: ControlGroups,
        *,
        guard: int,
        is_first: bool,
        watch: MemoryWatch | None,
    ) -> None:
        self._channel = channel
        self._starter = starter
        self._groups = groups
        self._guard = guard
        self._is_first = is_first
        self._watch = watch
        self._running: dict[int, int] = {}
        self._numbers: dict[int, int] = {}
        self._out_of_memory: set[int] = set()

    def run(self, control: int, waiting: list[tuple[Any, ...]]) -> None:
        """Carry out commands until samlocal or the guard has ended; then kill all programs."""
        woken, wakes = os.pipe()
        os.set_blocking(wakes, False)
        signals.signal(signals.SIGCHLD, lambda *_: None)
        signals.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        poll = select.poll()
        for number in (control, woken, self._guard):
            poll.register(number, select.POLLIN)
        for message in waiting:
            self._carry_out(message)
        while True:
            ready = [number for number, _ in poll.poll(self._pause())]
            if woken in ready:
                os.read(woken, _RECEIVE)
                reap(self._reaped)
            if self._guard in ready:
                break
            if control in ready:
                messages = self._channel.receive()
                if messages is None:
                    break
                for message in messages:
                    self._carry_out(message)
            if self._watch and self._running:
                self._measure(self._watch)
        self._kill_all()

    def _pause(self) -> int | None:
        """Return how long to wait for something to do, in milliseconds."""
        if self._watch is None or not self._running:
            return None
        return int(1000 * self._watch.pause_seconds)

    def _carry_out(self, message: tuple[Any, ...]) -> None:
        match message:
            case ("start", identifier, words, variables, directory):
                self._start(identifier, words, variables, directory)
            case ("signal", identifier, signal):
                self._signal(identifier, signal)
            case ("kill",):
                self._kill_all()
                self._channel.send("killed")
            case ("measure",):
                if self._watch:
                    self._watch.note_peaks(descendants())
                self._channel.send("measured", self._watch.peak if self._watch else 0)

    def _start(
        self, identifier: int, words: list[str], variables: dict[str, str], directory: str
    ) -> None:
        output = self._channel.outputs.pop(0)
        try:
            number = self._starter.start(words, variables, directory, output)
        except NotExecutedError as error:
            self._channel.send("refused", identifier, error.number, error.beginning)
        else:
            self._numbers[identifier] = number
            self._running[number] = identifier
            self._channel.send("started", identifier, time.monotonic())
            self._groups.add(number, descendants)
        finally:
            os.close(output)

    def _signal(self, identifier: int, signal: int) -> None:
        number = self._numbers.get(identifier)
        if number is not None:
            try:
                os.killpg(number, signal)
            except OSError:  # it has ended
                return

    def _reaped(self, number: int, status: int, peak: int) -> None:
        if self._watch:
            self._watch.peak = max(self._watch.peak, peak)
        identifier = self._running.pop(number, None)
        if identifier is not None:
            del self._numbers[identifier]
            out_of_memory = number in self._out_of_memory
            self._out_of_memory.discard(number)
            ended = time.monotonic()
            self._channel.send("exited", identifier, ended, status, out_of_memory, peak)

    def _kill_all(self) -> None:
        kill_all(set(self._running), self._reaped, is_first=self._is_first)

    def _measure(self, watch: MemoryWatch) -> None:
        """Do what the kernel does to a group that has used all of its memory."""
        processes = descendants()
        if not watch.measure(processes):
            return
        largest = watch.largest(processes)
        if largest is not None:
            self._out_of_memory.add(largest)
            try:
                os.kill(largest, signals.SIGKILL)
            except OSError:
                return
