"""Reads the output of one process from its pipe, in a thread."""

from __future__ import annotations

import fcntl
import os
import select
import termios
from collections import deque
from concurrent.futures import Future
from threading import Lock, Thread
from typing import TYPE_CHECKING, Final

from samlocal.sandbox.future_results import settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.sandbox.output import Output

_PIECE: Final = 65_536
_COUNT_BYTES: Final = 4


class OutputPipe:
    """The pipe to which a process writes both of its streams; `writer` is its end.

    `ended` is called when all that may write to it have ended.
    """

    def __init__(self, output: Output, ended: Callable[[], None]) -> None:
        self._reader, self.writer = os.pipe()
        self._woken, self._wakes = os.pipe()
        self._output = output
        self._ended = ended
        self._requests: deque[Future[None]] = deque()
        self._has_ended = False
        self._ending = Lock()
        self._thread = Thread(target=self._read, daemon=True)

    @property
    def has_ended(self) -> bool:
        """Whether all output has been passed on."""
        return self._has_ended

    def start(self) -> None:
        """Read to the end; return at once."""
        self._thread.start()

    def close_writer(self) -> None:
        """Close the process's end here, so that the output ends with the process."""
        if self.writer >= 0:
            os.close(self.writer)
            self.writer = -1

    def request_flush(self) -> Future[None]:
        """Return what is done when all that is in the pipe now is in the output; return at once."""
        request: Future[None] = Future()
        with self._ending:
            if self._has_ended:
                request.set_result(None)
            else:
                self._requests.append(request)
                os.write(self._wakes, b"1")
        return request

    def join(self, seconds: float) -> None:
        """Wait until all is read, at most so long."""
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _read(self) -> None:
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        try:
            while True:
                ready = {number for number, _ in poll.poll()}
                if self._woken in ready:
                    self._flush()
                elif not self._pass_on(_PIECE):
                    break
        finally:
            with self._ending:
                self._has_ended = True
                for number in (self._reader, self._woken, self._wakes):
                    os.close(number)
            while self._requests:
                settle(self._requests.popleft(), None)
            self._ended()

    def _flush(self) -> None:
        """Read what is in the pipe already, and no more: a process may write without end."""
        count = len(os.read(self._woken, _PIECE))
        requests = [self._requests.popleft() for _ in range(count)]
        waiting = int.from_bytes(
            fcntl.ioctl(self._reader, termios.FIONREAD, bytes(_COUNT_BYTES)), "little"
        )
        while waiting > 0 and (length := self._pass_on(min(waiting, _PIECE))):
            waiting -= length
        for request in requests:
            settle(request, None)

    def _pass_on(self, most: int) -> int:
        """Pass on a piece of output; return its length, 0 at the end."""
        piece = os.read(self._reader, most)
        if piece:
            self._output.write(piece)
        return len(piece)
