"""Signals that end a server: the first one in an orderly way, the second one at once."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

from samlocal.child_groups import end_groups
from samlocal.cli.signals import SIGNALLED, SIGNALS, exit_on_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

# Whatever hangs, the process ends so long after the first signal, and so long after the second one.
_MOST_SECONDS: Final = 9.5
_MOST_FORCED_SECONDS: Final = 3.0


class StopSignals:
    """Within the `with` block, in a running loop, signals do not end the process.

    The first one sets `stop`; what is served ends then. Before `is_serving` it is cancelled instead, and so it is
    by the second signal. The exit code is 0 after the first signal, as in sam. `before_exit` is called before
    a process ends that hangs.
    """

    def __init__(self, before_exit: Callable[[], None]) -> None:
        self._before_exit = before_exit
        self.stop = asyncio.Event()
        self.is_serving = False
        self.exit_code = 0
        self._force = asyncio.Event()

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        for number in SIGNALS:
            self._loop.add_signal_handler(number, self._note, number)
        return self

    def __exit__(self, *exc_info: object) -> None:
        for number in SIGNALS:
            self._loop.remove_signal_handler(number)
        exit_on_signals()

    async def run(self, serving: Coroutine[None, None, None]) -> int:
        """Run a server until it ends, and return the exit code."""
        task = asyncio.create_task(serving)
        await self._wait(task, self.stop)
        if not task.done():
            if self.is_serving:
                await self._wait(task, self._force)
            if not task.done():
                task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return self.exit_code

    async def _wait(self, task: asyncio.Task[None], event: asyncio.Event) -> None:
        """Wait for the end of a task, or for an event."""
        waiting = asyncio.create_task(event.wait())
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    def _note(self, number: int) -> None:
        if not self.stop.is_set():
            self.stop.set()
            self._loop.call_later(_MOST_SECONDS, self._exit, 0)
        elif not self._force.is_set():
            self.exit_code = SIGNALLED + number
            self._force.set()
            self._loop.call_later(_MOST_FORCED_SECONDS, self._exit, self.exit_code)

    def _exit(self, code: int) -> None:
        self._before_exit()
        end_groups()
        os._exit(code)
