"""A response in chunks, from the thread of an event loop to the thread that waits."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from samlocal.invocation import FunctionError
from samlocal.library.chunks import ChunkCalls

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.invocation import ResponseMode

ERROR = FunctionError(type="ValueError", message="no stars")


def deliver(
    on_chunk: Callable[[bytes], object],
    *chunks: bytes,
    mode: ResponseMode = "streaming",
    error: FunctionError | None = None,
) -> None:
    """Deliver a response from another thread; raise the error that the sink raises there."""
    calls = ChunkCalls(on_chunk)

    async def respond() -> None:
        await calls.begin("text/plain", mode)
        for chunk in chunks:
            await calls.write(chunk)
        await calls.end(error)

    with ThreadPoolExecutor(max_workers=1) as pool:
        result = pool.submit(asyncio.run, respond())
        calls.run_until(result)
        result.result()


def test_parts_of_a_stream_come_in_this_thread() -> None:
    """Each part is a call in the thread that waits."""
    calls: list[tuple[bytes, int]] = []
    deliver(lambda chunk: calls.append((chunk, threading.get_ident())), b"one", b"two")
    assert calls == [(b"one", threading.get_ident()), (b"two", threading.get_ident())]


def test_error_of_a_stream_is_no_part() -> None:
    """What came before the error was passed on, and the error is not."""
    calls: list[bytes] = []
    deliver(calls.append, b"half", error=ERROR)
    assert calls == [b"half"]


@pytest.mark.parametrize(
    ("payload", "error", "expected"),
    [
        pytest.param(b"{}", None, [b"{}"], id="result"),
        pytest.param(ERROR.payload, ERROR, [], id="error"),
        pytest.param(b"", None, [], id="empty"),
    ],
)
def test_buffered_response(
    payload: bytes, error: FunctionError | None, expected: list[bytes]
) -> None:
    """A response that is not streamed is one part, and an error none."""
    calls: list[bytes] = []
    deliver(calls.append, payload, mode="buffered", error=error)
    assert calls == expected


def test_callback_that_raises_an_error() -> None:
    """The error is raised where the response comes from, and the wait goes on to the result."""

    def fail(_chunk: bytes) -> None:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        deliver(fail, b"one")


def test_interrupt_ends_the_wait() -> None:
    """An interrupt in the callback is raised at once."""

    def interrupt(_chunk: bytes) -> None:
        raise KeyboardInterrupt

    calls, result = ChunkCalls(interrupt), Future[None]()

    async def respond() -> None:
        await calls.begin("text/plain", "streaming")
        writing = asyncio.create_task(calls.write(b"one"))
        with pytest.raises(KeyboardInterrupt):
            await asyncio.to_thread(calls.run_until, result)
        writing.cancel()

    asyncio.run(respond())


def test_no_response() -> None:
    """An invocation that raises an error ends the wait without a call."""
    chunks: list[bytes] = []
    result = Future[None]()
    result.set_exception(OSError("lost"))
    ChunkCalls(chunks.append).run_until(result)
    assert not chunks
