"""The removal of a sandbox whose event loop goes on meanwhile."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING

from samlocal.execution.thread_futures import awaitable

if TYPE_CHECKING:
    from samlocal.sandbox.sandbox import Sandbox


async def remove_sandbox(sandbox: Sandbox) -> None:
    """Remove a sandbox in a thread of its own: the engine may need long for it."""
    removed: Future[None] = Future()

    def remove() -> None:
        try:
            sandbox.__exit__(None, None, None)
        except BaseException as error:  # noqa: BLE001  # the waiting coroutine raises it
            removed.set_exception(error)
        else:
            removed.set_result(None)

    Thread(target=remove, name="removal").start()
    await awaitable(removed)
