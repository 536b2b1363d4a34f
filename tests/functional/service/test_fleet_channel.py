"""Messages from the process of a fleet to a command, through a real socket."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from samlocal.service.fleet_channel import Channel, ChannelLog, ChannelResponse
from samlocal.service.fleet_messages import (
    Began,
    Chunk,
    Ended,
    Flush,
    Line,
    Output,
    read_message,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Channel, asyncio.StreamReader]]:
    """A channel, and where its messages arrive."""
    ours, theirs = socket.socketpair()
    _, writer = await asyncio.open_unix_connection(sock=ours)
    reader, other = await asyncio.open_unix_connection(sock=theirs)
    channel = Channel(writer)
    try:
        yield channel, reader
    finally:
        await channel.close()
        other.close()


async def test_output_arrives_in_its_order() -> None:
    """Threads and the event loop write to the same log."""
    async with connected() as (channel, reader):
        log = ChannelLog(channel)
        log.line("START")
        await asyncio.to_thread(log.write, b"output")
        await asyncio.to_thread(log.named("ext").write, b"of an extension")
        log.flush()
        arrived = [await read_message(reader) for _ in range(4)]
    assert arrived == [Line("START"), Output(b"output"), Output(b"of an extension", "ext"), Flush()]


async def test_a_response_waits_for_its_reader() -> None:
    """A part is sent when the command has taken the one before."""
    async with connected() as (channel, reader):
        response = ChannelResponse(channel)
        await response.begin("text/plain", "streaming")
        writing = asyncio.create_task(response.write(b"x" * 600_000))
        assert await read_message(reader) == Began("text/plain", "streaming")
        received = 0
        while received < 600_000:
            chunk = await read_message(reader)
            assert isinstance(chunk, Chunk)
            received += len(chunk.content)
            assert not writing.done()
            response.note_taken()
        await writing
        await response.end(None)
        assert await read_message(reader) == Ended(None)


async def test_a_command_that_does_not_read_stops_nobody_else() -> None:
    """Threads are slowed down, the event loop is not, and nothing is lost."""
    async with connected() as (channel, reader):
        log, parts = ChannelLog(channel), 40

        def write() -> None:
            for _ in range(parts):
                log.write(b"x" * 100_000)

        writing = asyncio.create_task(asyncio.to_thread(write))
        done, _ = await asyncio.wait([writing], timeout=0.5)
        assert not done
        log.line("from the event loop")
        received = [await read_message(reader) for _ in range(parts + 1)]
        await writing
    assert received.count(Output(b"x" * 100_000)) == parts
    assert Line("from the event loop") in received


async def test_a_command_that_has_gone_stops_nobody() -> None:
    """What cannot be sent is dropped, and threads go on."""
    async with connected() as (channel, _):
        called = asyncio.Event()
        channel.on_close(called.set)
        channel.abandon()
        assert called.is_set()
        await asyncio.to_thread(ChannelLog(channel).write, b"x" * 5_000_000)
