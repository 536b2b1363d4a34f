"""The side of a fleet's process that is in touch with a command: its output, response and progress."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from samlocal.service.fleet_messages import (
    Began,
    Chunk,
    Ended,
    Flush,
    Line,
    Note,
    Output,
    Progress,
    encode,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.invocation import FunctionError, ResponseMode

# More than this waits for a command that does not read: then the function is slowed down.
_MOST_WAITING_BYTES: Final = 1024 * 1024
# For how long each time: the event loop may need a lock that a waiting thread has.
_SLOWED_SECONDS: Final = 1.0
# A function may send a part of a response at once; the command takes it as fast as its reader does.
_CHUNK_BYTES: Final = 256 * 1024


class Channel:
    """Sends messages to a command, in their order, from any thread.

    Threads of a function's output are slowed down while the command does not read; the event loop never waits.
    """

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        writer.transport.set_write_buffer_limits(high=_MOST_WAITING_BYTES)
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._condition = threading.Condition()
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._is_closed = False
        self._draining: asyncio.Task[None] | None = None
        self._on_close: list[Callable[[], None]] = []

    def on_close(self, callback: Callable[[], None]) -> None:
        """Call back in the event loop when nothing more is sent."""
        self._on_close.append(callback)

    def send(self, message: object) -> None:
        content = encode(message)
        in_loop = threading.get_ident() == self._loop_thread
        with self._condition:
            if not in_loop:
                self._condition.wait_for(self._may_send, _SLOWED_SECONDS)
            if self._is_closed:
                return
            is_first = not self._waiting
            self._waiting.append(content)
            self._waiting_bytes += len(content)
        if in_loop:
            self._flush()
        elif is_first:
            self._loop.call_soon_threadsafe(self._flush)

    async def close(self) -> None:
        """Send what waits, unless the command has gone."""
        self._flush()
        self.abandon()
        with suppress(OSError):
            await self._writer.wait_closed()

    def abandon(self) -> None:
        """Send nothing more, and let go of all threads that wait."""
        with self._condition:
            self._is_closed = True
            self._condition.notify_all()
        callbacks, self._on_close = self._on_close, []
        for callback in callbacks:
            callback()
        self._writer.close()

    def _may_send(self) -> bool:
        return self._is_closed or self._waiting_bytes < _MOST_WAITING_BYTES

    def _flush(self) -> None:
        with self._condition:
            waiting, self._waiting = self._waiting, []
        if waiting and not self._is_closed:
            self._writer.write(b"".join(waiting))
        self._note_sent()

    def _note_sent(self) -> None:
        """Let threads go on if the command reads, else when it does."""
        left = self._writer.transport.get_write_buffer_size()
        if left >= _MOST_WAITING_BYTES:
            self._draining = self._draining or self._loop.create_task(self._drain())
            return
        with self._condition:
            self._waiting_bytes = left + sum(map(len, self._waiting))
            self._condition.notify_all()

    async def _drain(self) -> None:
        with suppress(OSError):
            await self._writer.drain()
        self._draining = None
        self._note_sent()


class ChannelLog:
    """The log of an invocation, which the command writes. `source` is an extension."""

    def __init__(self, channel: Channel, source: str | None = None) -> None:
        self._channel = channel
        self._source = source

    def write(self, output: bytes) -> None:
        self._channel.send(Output(output, self._source))

    def line(self, text: str) -> None:
        self._channel.send(Line(text, self._source))

    def named(self, name: str) -> ChannelLog:
        return ChannelLog(self._channel, name)

    def flush(self) -> None:
        self._channel.send(Flush(self._source))


class ChannelResponse:
    """The response of an invocation, which the command takes part by part."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._taken = asyncio.Semaphore(0)

    async def begin(self, content_type: str, mode: ResponseMode) -> None:
        self._channel.send(Began(content_type, mode))

    async def write(self, chunk: bytes) -> None:
        for start in range(0, len(chunk), _CHUNK_BYTES):
            self._channel.send(Chunk(chunk[start : start + _CHUNK_BYTES]))
            await self._taken.acquire()

    async def end(self, error: FunctionError | None) -> None:
        self._channel.send(Ended(error))

    def note_taken(self) -> None:
        """Note that the command has taken a part."""
        self._taken.release()


class ChannelProgress:
    """Shows the progress of images to all commands that wait, because they may wait for the same image."""

    def __init__(self) -> None:
        self.channels: set[Channel] = set()

    def __call__(self, layer: str, status: str, current: int, total: int) -> None:
        self._send(Progress(layer, status, current, total))

    def note(self, text: str) -> None:
        self._send(Note(text))

    def _send(self, message: Progress | Note) -> None:
        for channel in tuple(self.channels):
            channel.send(message)
