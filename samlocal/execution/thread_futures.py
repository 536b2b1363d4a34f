"""Futures that a thread completes and a coroutine awaits."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import concurrent.futures

_T = TypeVar("_T")


def awaitable(source: concurrent.futures.Future[_T]) -> asyncio.Future[_T]:
    """Make a thread's future awaitable.

    Unlike `asyncio.wrap_future`, cancelling the wait does not cancel the thread's future, and an error
    that is never awaited causes no warning.
    """
    loop = asyncio.get_running_loop()
    target: asyncio.Future[_T] = loop.create_future()

    def settle() -> None:
        if target.done():
            return
        if error := source.exception():
            target.set_exception(error)
            target.exception()
        else:
            target.set_result(source.result())

    def settle_in_loop(_source: concurrent.futures.Future[_T]) -> None:
        with suppress(RuntimeError):  # the loop has ended: nothing waits any more
            loop.call_soon_threadsafe(settle)

    source.add_done_callback(settle_in_loop)
    return target
