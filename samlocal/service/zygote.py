"""The main process of the service: it has imported everything, and forks a process for each command.

It has one thread for ever, because only the thread that forks lives on in the new process. It runs no command and
knows no engine: handlers do the one, processes of fleets the other. All of them end with the file that
connects them to this process.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.service.messages import receive, send

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.sandbox.sandbox import SandboxKind
    from samlocal.service.package_files import Stamps

# Without an environment and a command for so long, the service ends.
LINGER_SECONDS: Final = 5.0
# After a request to end, the commands that run may need a fleet for so long.
_FINISH_SECONDS: Final = 10.0


@frozen
class Programs:
    """What the processes of a service do.

    `handle` waits for one client at the first socket and serves it; it talks to this process through the second.
    `serve_fleet` serves the connections that come through the socket, in the environment of the command that
    needed it first.
    """

    handle: Callable[[socket.socket, socket.socket, Stamps], None]
    serve_fleet: Callable[[socket.socket, SandboxKind, str | None], None]


@frozen
class _Child:
    pid: int
    control: socket.socket


class Zygote:
    """The process that listens, and forks.

    One handler waits for the next client ahead of time: a fork takes a few milliseconds. Handlers ask for a
    connection to a fleet, for connections to all of them, or for the end of the service.
    """

    def __init__(self, listener: socket.socket, programs: Programs, stamps: Stamps) -> None:
        self._listener = listener
        self._path = str(listener.getsockname())
        self._programs = programs
        self._stamps = stamps
        self._next: _Child | None = None
        self._handlers: dict[int, _Child] = {}
        self._fleets: dict[bytes, _Child] = {}
        self._ended: list[int] = []
        self._is_refusing = False
        self._is_ending = False

    def run(self) -> None:
        """Serve until nothing is warm and nobody has asked for a while, or until a signal or a request to end."""
        gc.collect()
        gc.freeze()
        wakened, waker = socket.socketpair()
        wakened.setblocking(False)
        waker.setblocking(False)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _note)
        self._own = (wakened, waker)
        try:
            self._serve_commands(wakened)
            self._let_finish(wakened)
        finally:
            self._refuse()

    def _serve_commands(self, wakened: socket.socket) -> None:
        idle_since = time.monotonic()
        while not (self._is_ending or self._is_refusing):
            is_idle = not (self._handlers or self._fleets)
            left = idle_since + LINGER_SECONDS - time.monotonic()
            if is_idle and left <= 0:
                return
            self._reap()
            self._next = self._next or self._fork_handler()
            self._serve(wakened, left if is_idle else None)
            if not is_idle:
                idle_since = time.monotonic()

    def _let_finish(self, wakened: socket.socket) -> None:
        """Answer the commands that run for some seconds; processes of fleets end when they see that this one has gone."""
        until = time.monotonic() + _FINISH_SECONDS
        while self._handlers and not self._is_ending and time.monotonic() < until:
            self._serve(wakened, max(0.0, until - time.monotonic()))

    def _serve(self, wakened: socket.socket, seconds: float | None) -> None:
        """Wait for events, and handle them."""
        poll = select.poll()
        handlers = {**self._handlers}
        if self._next:
            handlers[self._next.control.fileno()] = self._next
        fleets = {each.control.fileno(): each for each in self._fleets.values()}
        for number in (wakened.fileno(), *handlers, *fleets):
            poll.register(number, select.POLLIN)
        for number, _ in poll.poll(None if seconds is None else seconds * 1000):
            if number == wakened.fileno():
                self._is_ending = True
            elif number in handlers:
                self._answer(handlers[number])
            else:  # it says nothing, it only ends
                self._forget_fleet(fleets[number])

    def _fork_handler(self) -> _Child:
        listener, stamps = self._listener, self._stamps
        return self._fork(
            lambda control: self._programs.handle(listener, control, stamps), listener
        )

    def _answer(self, handler: _Child) -> None:
        try:
            (kind, *arguments), _ = receive(handler.control)
        except (EOFError, OSError, ValueError):
            self._handlers.pop(handler.control.fileno(), None)
            if handler is self._next:
                self._is_ending = True  # it was killed: do not fork for ever
            self._forget(handler)
            return
        if kind == "accepted":
            self._handlers[handler.control.fileno()] = handler
            self._next = None
        with suppress(OSError):  # the handler has gone
            if kind == "accepted":
                send(handler.control, ("go",))
            elif kind == "fleet":
                self._connect(handler, *arguments)
            elif kind == "fleets":
                for key in tuple(self._fleets):
                    self._hand_over(handler, key)
                send(handler.control, ("no more",))
            elif kind == "end":
                self._refuse()
                send(handler.control, ("ending",))

    def _connect(
        self,
        handler: _Child,
        kind: SandboxKind,
        engine: str | None,
        key: bytes,
        environment: dict[bytes, bytes],
    ) -> None:
        """Hand over a connection to the fleet with that key; if it is new, it gets the environment."""
        if key not in self._fleets:
            serve_fleet = self._programs.serve_fleet

            def serve(control: socket.socket) -> None:
                set_environment(environment)
                serve_fleet(control, kind, engine)

            self._fleets[key] = self._fork(serve)
        self._hand_over(handler, key)

    def _hand_over(self, handler: _Child, key: bytes) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            try:
                send(self._fleets[key].control, ("connection",), [ours.fileno()])
            except OSError:  # it is ending: the handler asks again
                self._forget_fleet(self._fleets[key])
            send(handler.control, ("connection",), [theirs.fileno()])

    def _forget_fleet(self, ended: _Child) -> None:
        for key, fleet in tuple(self._fleets.items()):
            if fleet == ended:
                del self._fleets[key]
        self._forget(ended)

    def _forget(self, child: _Child) -> None:
        child.control.close()
        self._ended.append(child.pid)

    def _reap(self) -> None:
        """Reap the processes that have ended; one of a fleet may need a while after its last word."""
        for pid in tuple(self._ended):
            with suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    continue
            self._ended.remove(pid)

    def _fork(self, run: Callable[[socket.socket], None], *kept: socket.socket) -> _Child:
        """Run that in a new process, which has nothing of this one open but its end of a connection."""
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid:
            theirs.close()
            return _Child(pid=pid, control=ours)
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            children = [*self._handlers.values(), *self._fleets.values()]
            children += [self._next] if self._next else []
            mine = (self._listener, ours, *self._own, *(each.control for each in children))
            for each in mine:
                if each not in kept:
                    each.close()
            run(theirs)
        except BaseException:  # noqa: BLE001  # there is nobody above
            import traceback  # noqa: PLC0415  # a defect

            traceback.print_exc()
            os._exit(1)
        os._exit(0)

    def _refuse(self) -> None:
        """End listening; after this, another service may have the path."""
        if self._is_refusing:
            return
        self._is_refusing = True
        with suppress(OSError):
            os.unlink(self._path)  # noqa: PTH108  # a text, as in the client
        self._listener.close()
        if self._next:
            self._next.control.close()
            self._next = None


def set_environment(environment: dict[bytes, bytes]) -> None:
    """Replace all variables of this process."""
    os.environb.clear()
    os.environb.update(environment)
    time.tzset()


def _note(_number: int, _frame: object) -> None:
    """Let the signal only write to the wakeup file."""
