"""Signals that end a server: the first one in an orderly way, the second one at once."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final, Self

from samlocal.cli.signals import SIGNALLED, SIGNALS, exit_on_signals

if TYPE_CHECKING:
    from collections.abc import Awaitable

# Whatever hangs, the process ends so long after the first signal, and so long after the second one.
_MOST_SECONDS: Final = 9.5
_MOST_FORCED_SECONDS: Final = 3.0


class StopSignals:
    """Within the `with` block, in a running loop, signals do not end the process but set events."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.force = asyncio.Event()
        self.exit_code = 0

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        for number in SIGNALS:
            self._loop.add_signal_handler(number, self._note, number)
        return self

    def __exit__(self, *exc_info: object) -> None:
        for number in SIGNALS:
            self._loop.remove_signal_handler(number)
        exit_on_signals()

    async def until_forced(self, work: Awaitable[None]) -> None:
        """Await work, but cancel it when the second signal comes."""
        task = asyncio.ensure_future(work)
        force = asyncio.ensure_future(self.force.wait())
        try:
            await asyncio.wait((task, force), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                task.cancel()
                await asyncio.wait((task,))
            if not task.cancelled():
                task.result()
        finally:
            force.cancel()

    def _note(self, number: int) -> None:
        if not self.stop.is_set():
            self.stop.set()
            self._loop.call_later(_MOST_SECONDS, os._exit, 0)
        elif not self.force.is_set():
            self.exit_code = SIGNALLED + number
            self.force.set()
            self._loop.call_later(_MOST_FORCED_SECONDS, os._exit, self.exit_code)
