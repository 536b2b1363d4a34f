"""The process of a box, and the messages to it and from it."""

from __future__ import annotations

import array
import fcntl
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from samlocal.sandbox.process.box.messages import CONTROL, Unpacker, pack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FOLDER: Final = str(Path(__file__).parent)
# Modules of a package are compiled once; a script would be at each start.
_PROGRAM: Final = "import sys; sys.path.append(sys.argv[1]); from box.guard import main; main()"
_RECEIVE: Final = 65_536


class BoxProcess:
    """A box that has been started; it ends when `end` is called, or this process ends."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        self._sending = Lock()
        with theirs:
            self.pid = _start(theirs.fileno())
        self._supervisor = 0

    def send(self, *messages: tuple[Any, ...], outputs: Sequence[int] = ()) -> None:
        """Send messages, and the ends of pipes for the programs that they start."""
        data = b"".join(pack(each) for each in messages)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", outputs))]
        with suppress(OSError), self._sending:  # it has ended
            sent = self._control.sendmsg([data], rights if outputs else [])
            self._control.sendall(data[sent:])

    def messages(self) -> Iterator[tuple[Any, ...]]:
        """Yield what the box tells, until all of its own processes have ended."""
        unpacker = Unpacker()
        with suppress(OSError):
            while data := self._control.recv(_RECEIVE):
                for message in unpacker.take(data):
                    match message:
                        case ("supervisor", number):
                            self._supervisor = number
                        case _:
                            yield message

    def end(self) -> None:
        """Let the box kill all of its processes, and end; return at once."""
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)

    def kill(self) -> None:
        """End the processes of the box itself, which a function may have stopped; return at once."""
        for number in filter(None, (self._supervisor, self.pid)):
            with suppress(OSError):
                os.kill(number, SIGKILL)

    def close(self) -> None:
        """Take the exit status of a box whose messages have ended."""
        with self._sending:
            self._control.close()
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def _start(control: int) -> int:
    """Start the program with the socket, and no other file of this process; return its number."""
    control = fcntl.fcntl(control, fcntl.F_DUPFD_CLOEXEC, CONTROL + 1)
    command = [sys.executable, "-I", "-S", "-X", "utf8", "-c", _PROGRAM, _FOLDER]
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, control, CONTROL),
    ]
    try:
        # Ctrl-C is for this process; so the box has its own session.
        return os.posix_spawn(
            sys.executable, command, {}, file_actions=actions, setsid=True, setsigmask=[]
        )
    finally:
        os.close(control)
